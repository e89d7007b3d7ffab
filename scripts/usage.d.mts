export interface CommandLine {
  /** what stands beside options */
  words: string[];
  has(option: string): boolean;
  text(option: string): string | undefined;
  /** as given, else its default */
  number(option: string): number;
}
/** The command line of the npm script `name`; prints usage or a refusal and ends the process when there is one. */
export function commandLine(name: string): CommandLine;
