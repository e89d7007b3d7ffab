/**
 * Paths of a sparkline over a box. Values keep their place in time; a null breaks the line, a lone point between
 * nulls becomes a dot (a segment of no length, drawn by its round cap). The floor is zero, so heights compare.
 */
export function sparkPaths(values: readonly (number | null)[], width: number, height: number): string[] {
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) return [];
  const top = Math.max(...known, Number.MIN_VALUE);
  const inset = 1.5;
  const x = (index: number) => (values.length === 1 ? width / 2 : (index / (values.length - 1)) * width);
  const y = (value: number) => inset + (1 - value / top) * (height - 2 * inset);
  const round = (value: number) => Math.round(value * 10) / 10;
  const paths: string[] = [];
  let points: string[] = [];
  const flush = () => {
    if (points.length > 0) paths.push(`M${points.join("L")}${points.length === 1 ? `L${points[0]}` : ""}`);
    points = [];
  };
  values.forEach((value, index) => {
    if (value === null) flush();
    else points.push(`${round(x(index))} ${round(y(value))}`);
  });
  flush();
  return paths;
}
