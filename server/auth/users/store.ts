import type { Tx } from "../../agent/kernel/context.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import { newId } from "../../agent/kernel/ids.ts";
import type { Role } from "../../agent/kernel/roles.ts";
import type { User } from "../../db/generated/client.ts";
import { Prisma } from "../../db/generated/client.ts";
import { roleOf } from "../role.ts";
import type { UserView } from "../schema.ts";

const ADMINISTRATORS_LOCK = 7_310_010;

export const toUserView = (user: User): UserView => ({
  id: user.id,
  name: user.name,
  email: user.email,
  role: roleOf(user.role),
  disabledAt: user.disabledAt?.toISOString() ?? null,
  createdAt: user.createdAt.toISOString(),
  mustChangePassword: user.mustChangePassword,
});

/** Until the end of the transaction nobody else changes who is an administrator. */
export async function lockAdministrators(tx: Tx): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(${ADMINISTRATORS_LOCK})`;
}

interface NewUser {
  id: string;
  name: string;
  email: string;
  role: Role;
  passwordHash: string;
  mustChangePassword: boolean;
}

/** A user with a password, as better-auth stores them. @throws CONFLICT when the e-mail address is taken. */
export async function insertUser(tx: Tx, user: NewUser): Promise<User> {
  const { passwordHash, id, name, email, role, mustChangePassword } = user;
  const account = { id: newId("acc"), accountId: id, providerId: "credential", password: passwordHash };
  try {
    return await tx.user.create({
      data: { id, name, email, role, mustChangePassword, emailVerified: false, accounts: { create: account } },
    });
  } catch (cause) {
    if (cause instanceof Prisma.PrismaClientKnownRequestError && cause.code === "P2002")
      throw new AppError("CONFLICT", `Someone with the e-mail address ${email} exists already.`, { cause });
    throw cause;
  }
}

/** @throws NOT_FOUND */
export async function getUser(tx: Tx, userId: string): Promise<User> {
  const user = await tx.user.findUnique({ where: { id: userId } });
  if (!user) throw new AppError("NOT_FOUND", "There is no such user. The list of users has the current ones.");
  return user;
}

/** Refuses what would leave nobody to administer. Call under `lockAdministrators`. @throws PRECONDITION */
export async function keepAnAdministrator(tx: Tx, leaving: User): Promise<void> {
  if (leaving.role !== "admin" || leaving.disabledAt) return;
  const others = await tx.user.count({ where: { role: "admin", disabledAt: null, id: { not: leaving.id } } });
  if (others === 0)
    throw new AppError(
      "PRECONDITION",
      `${leaving.name} is the last administrator who can sign in. Make someone else one first.`,
    );
}
