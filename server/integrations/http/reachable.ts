import { isIP, type LookupFunction } from "node:net";
import { AppError, toAppError } from "../../agent/kernel/errors.ts";
import { canonicalHost } from "../../agent/kernel/hosts.ts";
import type { AddressRule } from "./address-rule.ts";
import type { ResolvedAddress, ResolveHost } from "./resolve-host.ts";

/** The addresses of a host that may be reached. A name with public and private addresses keeps the public ones. */
export interface Reachable {
  /** @throws FORBIDDEN when none may be, UPSTREAM_UNAVAILABLE when the name does not resolve */
  addressesOf(host: string, trusted?: boolean): Promise<ResolvedAddress[]>;
  /**
   * For `net.connect`: resolves and checks in one, so the address that was checked is the one connected to and a name
   * that changes its mind in between (DNS rebinding) gains nothing. Addresses given as such never come here.
   */
  lookup(trusted?: boolean): LookupFunction;
}

export function createReachable(rule: AddressRule, resolveHost: ResolveHost): Reachable {
  const addressesOf = async (host: string, trusted = false): Promise<ResolvedAddress[]> => {
    const name = canonicalHost(host);
    rule.checkName(name);
    const family = isIP(name);
    if (family) {
      rule.checkAddress(name, trusted);
      return [{ address: name, family: family === 6 ? 6 : 4 }];
    }
    let refusal: unknown;
    const allowed = (await resolveHost(name)).filter(({ address }) => {
      try {
        rule.checkAddress(address, trusted);
        return true;
      } catch (error) {
        refusal = error;
        return false;
      }
    });
    if (allowed.length > 0) return allowed;
    if (!refusal) throw new AppError("UPSTREAM_UNAVAILABLE", `The name ${name} has no address.`);
    const { code, message, details } = toAppError(refusal);
    throw new AppError(code, `${name} leads to ${message}`, { details: { ...details, host: name } });
  };
  return {
    addressesOf,
    lookup: (trusted) => (hostname, options, callback) => {
      addressesOf(hostname, trusted).then(
        (all) => {
          const first = all[0];
          if (options.all) callback(null, all);
          else callback(null, first?.address ?? "", first?.family);
        },
        (error: NodeJS.ErrnoException) => callback(error, ""),
      );
    },
  };
}
