import type { LogLineRecord } from "../ports/log-source.ts";
import type { Attributes, AttributeValue } from "../ports/telemetry.ts";
import { clipText } from "../text/clip-text.ts";

/** Lines in brief: what is long is cut, so that many fit into one answer. */

const LONGEST_BODY = 300;
const LONGEST_NAME = 80;
const LONGEST_VALUE = 100;
const MOST_ATTRIBUTES = 10;
/** of all attributes of a line, in characters of JSON */
const ATTRIBUTES_SIZE = 600;

/** A line with its body at 300 characters and no more attributes than can be taken in at once. */
export const briefLine = (line: LogLineRecord): LogLineRecord => ({
  ...line,
  service: clipText(line.service, LONGEST_NAME),
  environment: clipText(line.environment, LONGEST_NAME),
  version: clipText(line.version, LONGEST_NAME),
  instance: clipText(line.instance, LONGEST_NAME),
  body: clipText(line.body, LONGEST_BODY),
  attributes: briefAttributes(line.attributes),
});

/** The first attributes, as far as there is room; "…" counts those left out. */
function briefAttributes(attributes: Attributes): Attributes {
  const all = Object.entries(attributes);
  const shown: [string, AttributeValue][] = [];
  let size = 0;
  for (const [name, value] of all.slice(0, MOST_ATTRIBUTES)) {
    const entry: [string, AttributeValue] = [clipText(name, LONGEST_NAME), briefValue(value)];
    size += JSON.stringify(entry).length;
    if (size > ATTRIBUTES_SIZE) break;
    shown.push(entry);
  }
  const left = all.length - shown.length;
  return Object.fromEntries(left > 0 ? [...shown, ["…", `${left} more`]] : shown);
}

function briefValue(value: AttributeValue): AttributeValue {
  if (typeof value === "string") return clipText(value, LONGEST_VALUE);
  if (typeof value !== "object" || value === null) return value;
  return clipText(JSON.stringify(value), LONGEST_VALUE);
}
