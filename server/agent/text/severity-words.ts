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

/** The SeverityNumber of a word that names a level, whatever its case; 0 for any other. */
export const severityOfName = (word: string): number => SEVERITIES.get(word.toLowerCase()) ?? 0;

/** short names of the specification: `INFO2` is one more than `INFO` */
const NUMBERED = /^(trace|debug|info|warn|error|fatal)([1-4])$/;

/** As `severityOfName`, for a whole value: blanks around it and numbered names (`INFO2`) are read, too. */
export function severityOfWord(word: string): number {
  const known = SEVERITIES.get(word);
  if (known !== undefined || word.length > 20) return known ?? 0;
  const lower = word.trim().toLowerCase();
  const numbered = NUMBERED.exec(lower);
  if (numbered?.[1] === undefined) return severityOfName(lower);
  return severityOfName(numbered[1]) + Number(numbered[2]) - 1;
}
