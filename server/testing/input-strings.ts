import type { z } from "zod";

/** A schema for text somewhere in an input, and the path to it. */
export interface InputString {
  path: (string | number)[];
  schema: z.ZodType;
}

interface Def {
  type: string;
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  innerType?: z.ZodType;
  in?: z.ZodType;
  left?: z.ZodType;
  right?: z.ZodType;
  options?: z.ZodType[];
  keyType?: z.ZodType;
  valueType?: z.ZodType;
}

/** Every place of an input where a text of the caller's choice may stand. */
export function stringsOf(schema: z.ZodType, path: InputString["path"] = []): InputString[] {
  const def = schema._zod.def as unknown as Def;
  switch (def.type) {
    case "string":
      return [{ path, schema }];
    case "object":
      return Object.entries(def.shape ?? {}).flatMap(([key, item]) => stringsOf(item, [...path, key]));
    case "array":
      return def.element ? stringsOf(def.element, [...path, 0]) : [];
    case "record":
      return [def.keyType, def.valueType].flatMap((item) => (item ? stringsOf(item, [...path, "key"]) : []));
    case "union":
      return (def.options ?? []).flatMap((item) => stringsOf(item, path));
    default:
      return [def.innerType, def.in, def.left, def.right].flatMap((item) => (item ? stringsOf(item, path) : []));
  }
}
