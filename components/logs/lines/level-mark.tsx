import type { LogLineView } from "#server/agent/logs/schema.ts";
import { Mark } from "../../feedback/mark.tsx";
import { LEVEL_TONE } from "../../marks/telemetry-states.ts";

type Level = NonNullable<LogLineView["level"]>;

/** `bare` leaves the word to those who hear it. */
export const LevelMark = ({ level, bare }: { level: Level | null; bare?: boolean }) => (
  <Mark tone={level ? LEVEL_TONE[level] : "unknown"} {...(bare ? { bare } : {})}>
    {level ?? "no level"}
  </Mark>
);
