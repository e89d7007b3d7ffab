import { createScannedLine, scan } from "../agent/mining/scanner.ts";

/** Whether a line reads as a template says: the same words, anything where `<*>` stands, spacing left aside. */
export function templateMatches(template: string, body: string): boolean {
  const [wanted, found] = [createScannedLine(), createScannedLine()];
  scan(wanted, template);
  scan(found, body);
  if (found.count !== wanted.count) return false;
  for (let i = 0; i < wanted.count; i++) {
    if (wanted.hashes[i] === 0) continue;
    if (wanted.hashes[i] !== found.hashes[i]) return false;
    const word = template.slice(wanted.starts[i], wanted.ends[i]);
    if (word !== body.slice(found.starts[i], found.ends[i])) return false;
  }
  return true;
}
