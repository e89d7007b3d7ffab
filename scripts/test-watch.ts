import { startVitest } from "vitest/node";
import { PROJECTS } from "./test/projects.ts";
import { commandLine } from "./usage.mjs";

/** `npm run test:watch [file]`: tests without processes of their own, again whenever something they import changes. */
const { words } = commandLine("test:watch");
await startVitest("test", words, {
  ...{ watch: true, project: [PROJECTS.pure, PROJECTS.database] },
  // without files: what a change since the last commit concerns, not three thousand tests
  ...(words.length === 0 && { changed: true }),
});
