/** share of the width that a marker's label needs to itself */
const LABEL_SHARE = 0.08;

/** The markers inside the range, oldest first. Where labels would cover each other the newest stands for all: "2.7.0 +1". */
export function placeMarkers(
  markers: readonly { at: string; label: string }[],
  from: number,
  to: number,
): { t: number; label: string }[] {
  const inside = markers
    .map((marker) => ({ t: Date.parse(marker.at), label: marker.label }))
    .filter((marker) => marker.t >= from && marker.t <= to)
    .sort((a, b) => a.t - b.t);
  let covered = 0;
  return inside.map((marker, i) => {
    const next = inside[i + 1];
    if (next && next.t - marker.t < (to - from) * LABEL_SHARE) {
      covered++;
      return { ...marker, label: "" };
    }
    const label = covered > 0 ? `${marker.label} +${covered}` : marker.label;
    covered = 0;
    return { ...marker, label };
  });
}
