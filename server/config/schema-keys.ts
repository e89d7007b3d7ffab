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
