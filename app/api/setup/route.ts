import { handleSetup, handleSetupState } from "#server/auth/handle-setup.ts";
import { getIdentity } from "#server/container/index.ts";

export const GET = async (request: Request) => handleSetupState(getIdentity(), request);
export const POST = async (request: Request) => handleSetup(getIdentity(), request);
