export const dynamic = "force-dynamic";

/** Alive: the process answers. Says nothing about what it depends on. */
export const GET = () => Response.json({ status: "ok" });
