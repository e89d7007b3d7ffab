/** Key under which the server puts into the browser's cache what it knew when it began to read for a page. */
export const RENDERED_KEY = ["rendered"] as const;

export interface Rendered {
  /** whose page it is */
  person: string;
  /** the id of the live feed's newest hint: what came behind it may be missing on the page */
  after: string;
}
