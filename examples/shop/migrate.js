/**
 * Stands for a database migration: a hook that runs before checkout is deployed. Its output is shown on the deployment's
 * page; an exit code other than 0 would halt the deployment before anything was started.
 */
const { OPERATE_SERVICE, OPERATE_VERSION, OPERATE_PREVIOUS_VERSION = "nothing", OPERATE_ENVIRONMENT } = process.env;

console.log(`${OPERATE_SERVICE} in ${OPERATE_ENVIRONMENT}: ${OPERATE_PREVIOUS_VERSION} to ${OPERATE_VERSION}`);
console.log("0041 add orders.currency: applied before");
console.log("nothing to migrate");
