/** `${url:NAME}`: the balancer of a service; `${url:-x}` is a shell's. Bounded, so that unclosed ones are read in linear time. */
export const SERVICE_URL = /\$\{url:(?![-=+?])([^{}$]{0,200})\}/g;
