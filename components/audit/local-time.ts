/** A time as `<input type="datetime-local">` wants it, in the zone of the browser; empty for none. */
export function toLocalInput(at: Date | null, offsetMinutes = at ? -at.getTimezoneOffset() : 0): string {
  return at ? new Date(at.getTime() + offsetMinutes * 60_000).toISOString().slice(0, 16) : "";
}
