export { uncollectedSince } from "./collect-traffic.ts";
export { requestRate, servedOf, servedWithin, TRAFFIC_SECONDS, trafficFigures, trafficSeries } from "./series.ts";
export { listTraffic, newestTraffic, storeTraffic, sumBy } from "./traffic-store.ts";
