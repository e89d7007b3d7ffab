import type { LogLineView } from "#server/agent/logs/schema.ts";
import { Mark, type MarkTone } from "../../feedback/mark.tsx";

type Level = NonNullable<LogLineView["level"]>;

const TONE: Record<Level, MarkTone> = {
  trace: "quiet",
  debug: "quiet",
  info: "quiet",
  warn: "warning",
  error: "critical",
  fatal: "critical",
};

/** `bare` leaves the word to those who hear it. */
export const LevelMark = ({ level, bare }: { level: Level | null; bare?: boolean }) => (
  <Mark tone={level ? TONE[level] : "unknown"} {...(bare ? { bare } : {})}>
    {level ?? "no level"}
  </Mark>
);
