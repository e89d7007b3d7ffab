export type { PatternChange } from "./changes.ts";
export { createMiner, type Mined, type Miner, type MinerOptions } from "./miner.ts";
export { templateMatches } from "./template.ts";
