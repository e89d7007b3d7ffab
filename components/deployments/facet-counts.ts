type Counts = readonly { value: string; count: number }[];
interface Choice<T> {
  value: T;
  label: string;
}

/** A facet's choices with how many there are of each: in the given order, else in that of the counts. Pure. */
export function counted(counts: Counts | undefined): Choice<string>[];
export function counted<T extends string>(counts: Counts | undefined, all: readonly T[]): Choice<T>[];
export function counted(counts: Counts | undefined, all?: readonly string[]): Choice<string>[] {
  const names = all ?? counts?.map((one) => one.value) ?? [];
  return names.map((value) => {
    const words = value.replaceAll("_", " ");
    // before the counts are known nothing is claimed about them
    return { value, label: counts ? `${words} (${counts.find((one) => one.value === value)?.count ?? 0})` : words };
  });
}
