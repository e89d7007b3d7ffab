import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import type { Share } from "./split-words.ts";
import { TrafficSplit } from "./traffic-split.tsx";

const unknown = { weight: null, share: null, readyInstances: null, requests: null, errors: null };
const drawn = (more: Partial<Share>, active = true) =>
  renderToStaticMarkup(
    <TrafficSplit
      deployment={{ version: "2.5.0" } as DeploymentView}
      split={["2.4.0", "2.5.0"].map((version) => ({ version, ...unknown, ...more }))}
      window={null}
      active={active}
    />,
  );

describe("the traffic of two versions", () => {
  it("is not drawn as an even split while the platform is silent", () => {
    const html = drawn({});
    expect(html).toContain("how the traffic is shared is not known now");
    expect(html).not.toMatch(/even|width:/);
  });

  it("is drawn as it was last counted, and yet no rule of sharing is told, while the platform is silent", () => {
    const html = drawn({ share: 50 });
    expect(html).toContain("how the traffic is shared is not known now");
    expect(html.match(/width:50%/g)).toHaveLength(2);
    expect(html).not.toContain("even");
  });

  it("is even where the platform says that its instances are ready and have no weights", () => {
    const html = drawn({ readyInstances: 2 });
    expect(html).toContain("shared evenly by all ready instances");
    expect(html.match(/width:50%/g)).toHaveLength(2);
    expect(html).toContain(">even<");
  });

  it.each([true, false])("has heads that keep their distance, while it runs: %s", (active) => {
    const heads = drawn({ requests: 4, errors: 0 }, active).match(/<th scope="col"[^>]*>/g) ?? [];
    expect(heads.length).toBeGreaterThan(3);
    for (const head of heads.slice(1)) expect(head).toMatch(/\bpl-4\b/);
  });
});
