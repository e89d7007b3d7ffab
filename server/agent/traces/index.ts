export { getTrace } from "./get-trace.ts";
export { listTraces, traceFacets } from "./list-traces.ts";
export { serviceMap } from "./service-map.ts";
