import { handleAuth } from "#server/auth/handle-auth.ts";
import { getIdentity } from "#server/container.ts";

const serve = async (request: Request) => handleAuth(getIdentity(), request);

export { serve as GET, serve as POST };
