import { getDeployment as read } from "../../agent/deploy/read/get-deployment.ts";
import { serviceStatus } from "../../agent/services/index.ts";

type Given = Parameters<typeof read>;

/** Reads a deployment as the router does: with the one status of its service. */
export const getDeployment = (ctx: Given[0], input: Given[1], following: Given[3] = {}) =>
  read(ctx, input, serviceStatus, following);
