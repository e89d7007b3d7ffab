import { z } from "zod";
import { Name } from "../config-values.ts";
import { PlainName } from "../kernel/schema.ts";

/** The policy's part of `deploymentConfig`: freeze windows and waves. */

const Days = z.array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])).min(1);
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day as in 16:30");
const TimeZone = z.string().refine((name) => {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}, "an IANA time zone as in Europe/Zurich");
const FreezeScope = {
  name: PlainName(80),
  environments: z.array(Name).default([]).describe("empty: all"),
  services: z.array(Name).default([]).describe("empty: all"),
};

/** Times in which nothing new is deployed; going back always is allowed. */
export const FreezeWindowSchema = z.union([
  z.strictObject({ ...FreezeScope, from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) }),
  z.strictObject({
    ...FreezeScope,
    days: Days,
    start: TimeOfDay,
    end: TimeOfDay.describe("not after start: on the next day"),
    timeZone: TimeZone.default("UTC"),
  }),
]);
export type FreezeWindow = z.infer<typeof FreezeWindowSchema>;

export const WaveSchema = z.strictObject({
  environment: Name,
  requires: z.array(Name).min(1).describe("environments in which the same version must have passed before"),
});
export type Wave = z.infer<typeof WaveSchema>;
