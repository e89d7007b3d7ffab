/** Whether the rail is narrow; in a module of its own because the server reads it too. */
export const RAIL_COOKIE = "operate.rail";
