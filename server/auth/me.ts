import type { AgentContext } from "../agent/kernel/context.ts";
import { can, PERMISSIONS } from "../agent/kernel/permissions.ts";
import type { Me } from "./schema.ts";

/** Who is asking, and what they may do. */
export async function whoAmI(ctx: AgentContext): Promise<Me> {
  const { id, name, role, kind } = ctx.actor;
  const user = kind === "person" ? await ctx.db.user.findUnique({ where: { id } }) : null;
  return {
    id,
    name,
    email: user?.email ?? null,
    role,
    permissions: PERMISSIONS.filter((permission) => can(role, permission)),
    kind,
    mustChangePassword: user?.mustChangePassword ?? false,
  };
}
