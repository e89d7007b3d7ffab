import { z } from "zod";
import { shownName } from "./kernel/allowed-names.ts";
import { SAYS_NO_VALUE } from "./kernel/confidential/says-no-value.ts";
import { isCron } from "./kernel/cron.ts";

/**
 * Kinds of values that several sections share. What a part of Operate reads later is read by the check already, so that
 * no value passes here and stops a process there. Safe in a browser.
 */

export const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and dashes, starting with a letter, at most 40");

/** Something asked over HTTP. User and password in it must be decodable. */
export const HttpUrl = z.url({ protocol: /^https?$/, error: "an http or https URL, as http://localhost:9090" }).refine(
  (text) => {
    const url = URL.parse(text);
    return url === null || (isDecodable(url.username) && isDecodable(url.password)); // none was said above
  },
  { error: "a % in user or password must be written as %25", params: SAYS_NO_VALUE },
);

const isDecodable = (text: string): boolean => {
  try {
    return decodeURIComponent(text).length >= 0;
  } catch {
    return false;
  }
};

export const HTTP_TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** RFC 9110, 5.5: visible ASCII, spaces and tabs; bytes above are taken as they are */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** the connection is the client's own matter; it refuses a request with one of these */
const CLIENTS_OWN = new Set([
  ...["connection", "content-length", "expect", "keep-alive", "transfer-encoding", "upgrade"],
]);

/** Request headers. What is wrong with a name is said of the block, as a value may be an unresolved placeholder. */
export const Headers = z
  .record(z.string(), z.string())
  .default({})
  .superRefine((headers, issues) => {
    const seen = new Set<string>();
    for (const [name, value] of Object.entries(headers)) {
      const lower = name.toLowerCase();
      const add = (message: string) => issues.addIssue({ code: "custom", message });
      if (!HTTP_TOKEN.test(name))
        add(`${shownName(name)} is no name of a header: letters, digits and dashes, without spaces and colons`);
      else if (CLIENTS_OWN.has(lower)) add(`the header ${lower} is set by Operate; take it out`);
      else if (seen.has(lower)) add(`the header ${lower} is given twice; keep one`);
      seen.add(lower);
      if (!HEADER_VALUE.test(value))
        issues.addIssue({
          ...{ code: "custom", path: [name], params: SAYS_NO_VALUE },
          message: "one line of Latin characters is needed",
        });
    }
  });

/** The path of a request to a service, and nothing that would lead to another host. */
export const RequestPath = z
  .string()
  .regex(
    /^\/(?![/\\])[\x21\x22\x24-\x7e]*$/,
    "must start with one slash, as /health, without spaces and #; other characters are written as %20",
  );

export const ExpectStatus = z.array(z.number().int().min(100).max(599)).min(1, "name at least one status");

/** A text that a part of Operate reads later by the same function. `read` throws, or returns false or null, for others. */
export const readBy = (read: (text: string) => unknown, rule: string) =>
  z.string().refine(
    (text) => {
      try {
        const found = read(text);
        return found !== null && found !== false;
      } catch {
        return false;
      }
    },
    { error: rule, params: SAYS_NO_VALUE },
  );

export const Cron = readBy(
  isCron,
  "five fields of cron: minute hour day month weekday, each *, a number, a list or a range with or without a step, as in 0 3 * * 1-5",
);
