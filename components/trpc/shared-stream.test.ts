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
  newest = "40";

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

  tab(shownAfter: string | null = this.newest): Tab {
    const tab = new Tab(this, shownAfter);
    this.tabs.push(tab);
    tab.stream.takeUp();
    return tab;
  }

  send(id: string): void {
    this.newest = id;
    for (const on of this.open) on.hint(id, HINT);
  }
}

class Tab {
  readonly states: StreamState[] = [];
  hints = 0;
  caughtUp = 0;
  readonly stream: SharedStream;

  constructor(browser: Browser, shownAfter: string | null) {
    this.stream = new SharedStream(
      browser.openStream,
      {
        onHint: () => void this.hints++,
        onState: (state) => void this.states.push(state),
        onCatchUp: () => void this.caughtUp++,
      },
      { pace: PACE, channel: browser.channel, shownAfter },
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

  it("tells every tab, a later one too, that the database is away, and all catch up once it is back", async () => {
    const tabs = [...(await eight())];
    const [on] = browser.open;
    on?.state("away");
    await settled(() => expect(tabs.map(({ state }) => state)).toEqual(tabs.map(() => "away")));
    const late = browser.tab();
    await settled(() => expect(late.state).toBe("away"));
    on?.state("live");
    const all = [...tabs, late];
    await settled(() => expect(all.map(({ state }) => state)).toEqual(all.map(() => "live")));
    await settled(() => expect(tabs.map(({ caughtUp }) => caughtUp)).toEqual(tabs.map(() => 1)));
    expect(browser.openedAfter).toHaveLength(1);
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

  it("begins behind what the page shows, and reads everything again when that is not known", async () => {
    browser = new Browser();
    const known = browser.tab("7");
    await settled(() => expect(known.state).toBe("live"));
    expect([browser.openedAfter, known.caughtUp]).toEqual([["7"], 0]);
    const unknown = browser.tab(null);
    await settled(() => expect(unknown.state).toBe("live"));
    expect(unknown.caughtUp).toBe(1);
    known.stream.giveUp();
    unknown.stream.giveUp();
    browser = new Browser();
    const alone = browser.tab(null);
    await settled(() => expect(alone.state).toBe("live"));
    expect([browser.openedAfter, alone.caughtUp]).toEqual([[null], 1]);
  });

  it("tells a tab that comes later what came since its page was made", async () => {
    browser = new Browser();
    const first = browser.tab("40");
    await settled(() => expect(first.state).toBe("live"));
    for (const id of ["41", "42", "43"]) browser.send(id);
    const second = browser.tab("41");
    await settled(() => expect(second.state).toBe("live"));
    expect([second.hints, second.caughtUp]).toEqual([2, 0]);
    const earlier = browser.tab("12");
    await settled(() => expect(earlier.state).toBe("live"));
    expect(earlier.caughtUp, "its hint is no longer known").toBe(1);
    await oneStream();
  });

  it("tells a tab what came while another page of it was made, and reads all again when that is not known", async () => {
    browser = new Browser();
    const tab = browser.tab("40");
    await settled(() => expect(tab.state).toBe("live"));
    for (const id of ["41", "42"]) browser.send(id);
    tab.stream.shown("41");
    expect([tab.hints, tab.caughtUp]).toEqual([3, 0]);
    tab.stream.shown("42");
    expect([tab.hints, tab.caughtUp]).toEqual([3, 0]);
    tab.stream.shown("9");
    expect([tab.hints, tab.caughtUp]).toEqual([3, 1]);
  });
});
