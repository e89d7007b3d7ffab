export type { PatternChange } from "./changes.ts";
export { createMiner, type Mined, type Miner } from "./miner.ts";
