/**
 * How much of an answer its reader takes in. The transport sets it, and it is all that the core knows of who reads.
 * Infinity: no more is left out than the input's own limit says.
 */
export interface ReaderBudget {
  /** of the JSON of one answer */
  bytes: number;
  /** of a list in one answer, whatever more the input allows */
  most: { lines: number; patterns: number; traces: number; spans: number; events: number; analyses: number };
  /** lines shown of each pattern */
  samples: number;
  /** of a line of a metric, where the input names no step */
  points: number;
  /** long texts and numbers are cut, and so is what says nothing, as the points before the first value */
  brief: boolean;
}

/** A page folds, scrolls and draws what it gets. */
export const FOR_PEOPLE: ReaderBudget = {
  bytes: Number.POSITIVE_INFINITY,
  most: {
    ...{ lines: Number.POSITIVE_INFINITY, patterns: Number.POSITIVE_INFINITY },
    ...{ traces: Number.POSITIVE_INFINITY, spans: Number.POSITIVE_INFINITY },
    ...{ events: 200, analyses: 20 },
  },
  samples: 3,
  points: 120,
  brief: false,
};

/**
 * A model reads every byte. 8,000 tokens, reckoned at 2.5 bytes of JSON a token, which is on the safe side for ids,
 * numbers and log lines; less what every result says.
 */
export const FOR_MODELS: ReaderBudget = {
  bytes: 19_400,
  most: { lines: 100, patterns: 40, traces: 50, spans: 100, events: 30, analyses: 6 },
  samples: 1,
  points: 40,
  brief: true,
};
