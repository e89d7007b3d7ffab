import { handleAuth } from "#server/auth/handle-auth.ts";
import { getIdentity } from "#server/container/index.ts";
import { tellingWaits } from "#server/limits/deliberate-delay.ts";

const serve = tellingWaits(async (request) => handleAuth(getIdentity(), request));

export { serve as GET, serve as POST };
