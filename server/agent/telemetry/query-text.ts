/** Texts inside the query languages of Prometheus, Loki and Tempo, which all take Go's string literals and RE2. */

/** A string literal: Go knows all escapes of JSON; half a surrogate pair has none. */
export const quoted = (text: string): string => JSON.stringify(text.toWellFormed());

/** Text as a regular expression that matches it alone. */
export const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** Text in which `*` stands for any characters, as a regular expression. */
export const globbed = (text: string): string => text.split("*").map(literally).join(".*");
