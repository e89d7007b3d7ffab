import { handleAuth } from "#server/auth/handle-auth.ts";
import { getRuntime } from "#server/container.ts";

const serve = async (request: Request) => handleAuth(getRuntime(), request);

export { serve as GET, serve as POST };
