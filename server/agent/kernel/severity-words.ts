/**
 * Words for severity as SeverityNumber, after appendix B of OpenTelemetry's "Logs Data Model". There syslog's `crit` is
 * an error and the `critical` of Python and .NET is fatal.
 */
const WORDS: Record<number, string> = {
  1: "trace trc trce finest silly",
  5: "debug dbg dbug fine finer verbose vrb",
  7: "config",
  9: "info inf information informational log http note system",
  10: "notice",
  13: "warn warning wrn",
  17: "error err eror fail severe",
  18: "crit dpanic",
  19: "alert",
  21: "fatal ftl critical panic emerg emergency",
};

const SEVERITIES = new Map(
  Object.entries(WORDS).flatMap(([severity, words]) =>
    words.split(" ").map((word) => [word, Number(severity)] as const),
  ),
);

/** short names of the specification: `INFO2` is one more than `INFO` */
const NUMBERED = /^(trace|debug|info|warn|error|fatal)([1-4])$/;

/** The SeverityNumber of a level's word, whatever its case (`WARN`, `critical`, `INFO2`); 0 for a word that names none. */
export function severityOfWord(word: string): number {
  const known = SEVERITIES.get(word);
  if (known !== undefined || word.length > 20) return known ?? 0;
  const lower = word.trim().toLowerCase();
  const numbered = NUMBERED.exec(lower);
  if (numbered?.[1] === undefined) return SEVERITIES.get(lower) ?? 0;
  return (SEVERITIES.get(numbered[1]) ?? 0) + Number(numbered[2]) - 1;
}
