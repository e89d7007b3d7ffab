const two = (value: number): string => String(value).padStart(2, "0");

/** When a line was written, in the viewer's zone, to the millisecond: "14:03:07.123", with the day "11-25 14:03:07.123". */
export function lineTime(at: string, withDay: boolean, offsetMinutes: number): string {
  const local = new Date(Date.parse(at) + offsetMinutes * 60_000);
  if (Number.isNaN(local.getTime())) return at;
  const clock = local.toISOString().slice(11, 23);
  return withDay ? `${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())} ${clock}` : clock;
}
