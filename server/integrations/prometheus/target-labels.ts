import { LabelCollector } from "../http/body/labels.ts";

/**
 * The labels of a sample with those of its target, which win: the sample's own of the same name becomes `exported_…`,
 * as often as it takes to be a name of its own. As Prometheus with `honor_labels: false`.
 */
export function withTargetLabels(
  own: readonly (readonly [string, string])[],
  target: Readonly<Record<string, string>>,
): LabelCollector {
  const collector = new LabelCollector(target);
  for (const [name, value] of own) {
    let label = name;
    if (Object.hasOwn(target, name))
      do label = `exported_${label}`;
      while (Object.hasOwn(target, label) || own.some(([other]) => other === label));
    collector.add(label, value);
  }
  return collector;
}
