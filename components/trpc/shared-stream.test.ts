import { afterEach, describe, expect, it, vi } from "vitest";
import type { Hint } from "./invalidation.ts";
import { type OpenStream, SharedStream, type StreamEvents, type StreamState } from "./shared-stream.ts";

const HINT: Hint = { topic: "incident", subjectId: null };
const PACE = { beat: 20, silence: 250, seek: 20, retry: 20 };

/** Tabs of one browser, over a real BroadcastChannel; the server's side of each stream is in the test's hands. */
class Browser {
  readonly tabs: Tab[] = [];
  readonly open = new Set<StreamEvents>();
  readonly openedAfter: (string | null)[] = [];
  readonly channel = `test-${Math.random()}`;
  answer: StreamState = "live";

  readonly openStream: OpenStream = (lastEventId, on) => {
    this.openedAfter.push(lastEventId);
    this.open.add(on);
    queueMicrotask(() => {
      if (this.answer === "refused") {
        this.open.delete(on);
        on.ended("refused");
      } else on.state(this.answer);
    });
    return () => void this.open.delete(on);
  };

  tab(): Tab {
    const tab = new Tab(this);
    this.tabs.push(tab);
    tab.stream.takeUp();
    return tab;
  }

  send(id: string): void {
    for (const on of this.open) on.hint(id, HINT);
  }
}

class Tab {
  readonly states: StreamState[] = [];
  hints = 0;
  caughtUp = 0;
  readonly stream: SharedStream;

  constructor(browser: Browser) {
    this.stream = new SharedStream(
      browser.openStream,
      {
        onHint: () => void this.hints++,
        onState: (state) => void this.states.push(state),
        onCatchUp: () => void this.caughtUp++,
      },
      { pace: PACE, channel: browser.channel },
    );
  }

  get state() {
    return this.states.at(-1);
  }
}

let browser = new Browser();
const settled = (what: () => void) => vi.waitFor(what, { timeout: 10_000, interval: 5 });
const oneStream = () => settled(() => expect(browser.open.size).toBe(1));
async function eight(): Promise<Tab[]> {
  browser = new Browser();
  for (let n = 0; n < 8; n++) {
    const tab = browser.tab();
    await settled(() => expect(tab.state).toBe("live"));
  }
  await oneStream();
  return browser.tabs;
}
afterEach(() => {
  for (const { stream } of browser.tabs) stream.giveUp();
});

/** Hides one tab after the other until the stream is gone; the last one held it. */
const leaderOf = async (tabs: Tab[]): Promise<Tab> => {
  const [on] = browser.open;
  for (const tab of tabs) {
    tab.stream.giveUp();
    if (on && !browser.open.has(on)) return tab;
    tab.stream.takeUp();
    await settled(() => expect(tab.state).toBe("live"));
  }
  throw new Error("No tab holds the stream");
};

describe("the stream that all tabs of a browser share", () => {
  it("is one for eight tabs, and each hears each hint once, with nothing read twice", async () => {
    const tabs = await eight();
    browser.send("1");
    await settled(() => expect(tabs.map(({ hints }) => hints)).toEqual(tabs.map(() => 1)));
    expect(tabs.map(({ caughtUp }) => caughtUp)).toEqual(tabs.map(() => 0));
    expect(tabs.flatMap(({ states }) => states)).toEqual(tabs.map(() => "live"));
  });

  it("is one for eight tabs that open at once", async () => {
    browser = new Browser();
    const tabs = Array.from({ length: 8 }, () => browser.tab());
    await settled(() => expect(tabs.map(({ state }) => state)).toEqual(tabs.map(() => "live")));
    await oneStream();
  });

  it("goes on in another tab behind the last hint when its tab is hidden, and no tab calls it lost", async () => {
    const tabs = await eight();
    browser.send("41");
    await settled(() => expect(tabs.at(-1)?.hints).toBe(1));
    const gone = await leaderOf(tabs);
    await oneStream();
    expect(browser.openedAfter.at(-1)).toBe("41");
    const rest = tabs.filter((tab) => tab !== gone);
    await settled(() => expect(rest.every(({ caughtUp }) => caughtUp > 0)).toBe(true));
    browser.send("42");
    await settled(() => expect(rest.every(({ hints }) => hints >= 2)).toBe(true));
    expect(tabs.flatMap(({ states }) => states)).not.toContain("lost");
  });

  it("holds nothing in a tab that gave it up, which catches up once it is seen again and is never lost", async () => {
    browser = new Browser();
    const tab = browser.tab();
    await settled(() => expect(tab.state).toBe("live"));
    tab.stream.giveUp();
    expect(browser.open.size).toBe(0);
    expect(tab.caughtUp).toBe(0);
    tab.stream.takeUp();
    await settled(() => expect(tab.state).toBe("live"));
    expect(tab.states).toEqual(["live", "connecting", "live"]);
    expect(tab.caughtUp).toBe(1);
  });

  it("is taken over from a tab that died without a word", async () => {
    browser = new Browser();
    const posts = vi.spyOn(BroadcastChannel.prototype, "postMessage");
    const first = browser.tab();
    await settled(() => expect(first.state).toBe("live"));
    const second = browser.tab();
    await settled(() => expect(second.state).toBe("live"));
    posts.mockImplementation(() => undefined);
    await settled(() => expect(browser.openedAfter).toHaveLength(2));
    posts.mockRestore();
    await oneStream(); // and the dead one is back: the earlier leader goes on
    await settled(() => expect(second.state).toBe("live"));
  });

  it("is opened again after a refusal, which every tab is told of", async () => {
    const tabs = await eight();
    browser.answer = "refused";
    for (const on of [...browser.open]) {
      browser.open.delete(on);
      on.ended("refused");
    }
    await settled(() => expect(tabs.map(({ state }) => state)).toEqual(tabs.map(() => "refused")));
    browser.answer = "live";
    await settled(() => expect(tabs.map(({ state }) => state)).toEqual(tabs.map(() => "live")));
    expect(tabs.map(({ caughtUp }) => caughtUp)).toEqual(tabs.map(() => 1));
    expect(browser.open.size).toBe(1);
  });
});
