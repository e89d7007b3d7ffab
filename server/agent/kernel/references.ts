/** `${url:NAME}`: the balancer of a service. Bounded, so that a text of unclosed references is read in linear time. */
export const SERVICE_URL = /\$\{url:([^{}$]{0,200})\}/g;
