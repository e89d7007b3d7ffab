/** A page's query as Next.js hands it over. */
export type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** The one value of a parameter; null when it is missing, the first when it was given twice. */
export const oneOf = (value: string | string[] | undefined): string | null =>
  (Array.isArray(value) ? value[0] : value) || null;
