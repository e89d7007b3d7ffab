import { z } from "zod";
import { Instant, TimeStamp } from "#server/agent/kernel/schema.ts";

/** The JSON Schema of an object, as a tool's input or output needs it. */
export type ObjectSchema = {
  type: "object";
  properties?: Record<string, object>;
  required?: string[];
  [keyword: string]: unknown;
};

/**
 * A Zod schema as JSON Schema draft 2020-12, for a model to read: without `$schema` (2020-12 is the protocol's
 * default), and without what only costs tokens: what `format: date-time` tells already, the pattern of a cursor, that a
 * text may be empty or may not, the bounds of safe integers.
 * @throws Error naming `where` when the schema is not one object or holds something JSON cannot say (a Date, a transform).
 */
export function objectSchemaOf(schema: z.ZodType, io: "input" | "output", where: string): ObjectSchema {
  let json: Record<string, unknown>;
  try {
    json = z.toJSONSchema(schema, {
      io,
      target: "draft-2020-12",
      unrepresentable: "throw",
      override: io === "output" ? slimOutput : slim,
    });
  } catch (cause) {
    throw new Error(`${where}: its ${io} has no JSON Schema; keep to what JSON can say`, { cause });
  }
  if (json.type !== "object") throw new Error(`${where}: the ${io} of a tool must be one object`);
  delete json.$schema;
  // An argument that is not known is refused, see arguments.ts; a schema that says so spares a model the attempt.
  if (io === "input") json.additionalProperties = false;
  const made = json as ObjectSchema;
  if (io === "input") allowNull(made, "environment");
  return made;
}

/** Rows of results have null where nothing is known, and are given back as they stand; see `withoutNulls`. */
function allowNull({ properties, required }: ObjectSchema, name: string): void {
  const argument = properties?.[name] as { type?: unknown } | undefined;
  if (argument?.type === "string" && !required?.includes(name)) argument.type = ["string", "null"];
}

const CURSOR_PATTERN = "^[\\x21-\\x7e]+$";

function slim({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema.format === "date-time" || jsonSchema.pattern === CURSOR_PATTERN) delete jsonSchema.pattern;
  if (jsonSchema.format === "date-time" && jsonSchema.description === TimeStamp.description)
    delete jsonSchema.description;
  if (jsonSchema.minLength === 0 || jsonSchema.minLength === 1) delete jsonSchema.minLength;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}

/**
 * What may be null says so in its type, not in a choice between two schemas; that times are of UTC is seen in each. A
 * result may have more than its schema tells: a client that keeps an older list reads on after an update.
 */
function slimOutput({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  const [known, none, ...more] = (jsonSchema.anyOf ?? []) as Record<string, unknown>[];
  const simple = typeof known?.type === "string" && !("enum" in known) && !("const" in known);
  if (known && simple && none?.type === "null" && more.length === 0) {
    delete jsonSchema.anyOf;
    const { type, ...rest } = known;
    Object.assign(jsonSchema, { ...rest, ...jsonSchema, type: [type, "null"] });
  }
  if (jsonSchema.description === Instant.description) delete jsonSchema.description;
  slim({ jsonSchema });
}
