import { z } from "zod";

/** The keys that a schema allows at a path; none where it takes any, or where the path leaves it. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let found: z.core.$ZodType[] = [schema];
  for (const part of path) found = found.flatMap((one) => inside(one, part));
  return [...new Set(found.flatMap(bare).flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : [])))];
}

/** The schema, or those of a union, without defaults and the like around it. */
function bare(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(bare);
  if (schema instanceof z.ZodPipe) return bare(schema.out);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return bare(schema.unwrap());
  return [schema];
}

function inside(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType[] {
  return bare(schema).flatMap((one) => {
    if (one instanceof z.ZodArray) return [one.element];
    if (one instanceof z.ZodRecord) return [one.valueType];
    const field = one instanceof z.ZodObject ? one.shape[String(part)] : undefined;
    return field === undefined ? [] : [field];
  });
}

/** A section that is written without anything below it, as `services:`, is one that is not written. */
export function withoutEmptySections(schema: z.core.$ZodType, value: unknown): unknown {
  return dropEmpty([schema], value);
}

function dropEmpty(schemas: z.core.$ZodType[], value: unknown): unknown {
  if (value === null || typeof value !== "object" || schemas.length === 0) return value;
  const below = (part: PropertyKey) => schemas.flatMap((one) => inside(one, part));
  if (Array.isArray(value)) {
    const items = below(0);
    return value.map((item) => dropEmpty(items, item));
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const fields = below(key);
      return item === null && fields.some(isSection) && fields.every(mayBeAbsent)
        ? []
        : [[key, dropEmpty(fields, item)]];
    }),
  );
}

const isSection = (field: z.core.$ZodType): boolean =>
  bare(field).some((one) => one instanceof z.ZodObject || one instanceof z.ZodArray || one instanceof z.ZodRecord);

const mayBeAbsent = (field: z.core.$ZodType): boolean =>
  field._zod.optin !== undefined && !z.safeParse(field, null).success;
