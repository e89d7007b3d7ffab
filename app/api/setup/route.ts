import { handleSetup, handleSetupState } from "#server/auth/handle-setup.ts";
import { getRuntime } from "#server/container.ts";

export const GET = async (request: Request) => handleSetupState(getRuntime(), request);
export const POST = async (request: Request) => handleSetup(getRuntime(), request);
