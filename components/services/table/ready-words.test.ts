import { expect, it } from "vitest";
import { lacksInstances, readySentence, readyWords } from "./ready-words.ts";

it.each([
  [2, 3, "2/3", "2 ready, 3 wanted", true],
  [3, 3, "3/3", "3 ready, 3 wanted", false],
  [4, 3, "3 + 1", "4 ready, 3 wanted", false],
  [0, 3, "0/3", "0 ready, 3 wanted", true],
  [null, 3, "–/3", "not known how many are ready, 3 wanted", false],
  [null, null, "–", "not known how many are ready, – wanted", false],
])("%s ready of %s wanted", (instancesReady, instancesWanted, words, sentence, lacks) => {
  const row = { instancesReady, instancesWanted };
  expect([readyWords(row), readySentence(row), lacksInstances(row)]).toEqual([words, sentence, lacks]);
});
