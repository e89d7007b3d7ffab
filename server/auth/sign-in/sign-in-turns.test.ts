import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LONGEST_WAIT_MS, MOST_A_DAY, QUICK_TRIES, SignInTurns, TURN_MS } from "./sign-in-turns.ts";

const ADA = "ada@example.com";
const DAY_MS = 86_400_000;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Networks that always have one try waiting, each from the first moment on. */
function attack(turns: SignInTurns, networks: number, name = "bot") {
  const told = { tries: 0, until: Number.POSITIVE_INFINITY };
  const press = async (network: string) => {
    while (Date.now() < told.until)
      if (await turns.take(ADA, network)) told.tries++;
      else await new Promise((resolve) => setTimeout(resolve, 1_000));
  };
  for (let n = 0; n < networks; n++) void press(`${name} ${n}`);
  return told;
}

async function waitOf(came: Promise<boolean>): Promise<{ came: boolean; ms: number }> {
  const began = Date.now();
  let ended: { came: boolean; ms: number } | null = null;
  void came.then((it) => {
    ended = { came: it, ms: Date.now() - began };
  });
  for (let n = 0; n < 1_000 && ended === null; n++) await vi.advanceTimersByTimeAsync(100);
  return ended ?? { came: false, ms: Number.POSITIVE_INFINITY };
}

test.each([
  [1, 30_000],
  [30, MOST_A_DAY],
])(
  "a day of guesses from %i networks at once is bounded, and a person from a new browser waits no more than seconds",
  async (networks, most) => {
    const turns = new SignInTurns();
    const told = attack(turns, networks);
    for (let part = 1; part <= 8; part++) {
      await vi.advanceTimersByTimeAsync(DAY_MS / 8);
      const { came, ms } = await waitOf(turns.take(ADA, `home ${part}`));
      expect(came).toBe(true);
      expect(ms).toBeLessThanOrEqual(1_000);
    }
    expect(told.tries).toBeGreaterThan(DAY_MS / TURN_MS);
    expect(told.tries).toBeLessThanOrEqual(most);
    told.until = 0;
  },
  30_000,
);

test("networks that are new all the time, as many as there may be, guess no more than the same in a day", async () => {
  const turns = new SignInTurns();
  let tries = 0;
  let next = 0;
  for (let second = 0; second < 86_400; second += 20) {
    for (let n = 0; n < 10; n++) void turns.take(ADA, `new ${next++}`).then((came) => (tries += Number(came)));
    await vi.advanceTimersByTimeAsync(20_000);
  }
  expect(tries).toBeGreaterThan(20_000);
  expect(tries).toBeLessThanOrEqual(MOST_A_DAY);
}, 30_000);

test("a thousand strangers who come later, or have had their tries, put off nobody who waits", async () => {
  const turns = new SignInTurns();
  attack(turns, 600);
  await vi.advanceTimersByTimeAsync(1_000);
  const waiting = waitOf(turns.take(ADA, "home"));
  const late = Array.from({ length: 1_001 }, (_, n) => turns.take(ADA, `late ${n}`));
  expect(await waiting).toMatchObject({ came: true });
  expect((await waiting).ms).toBeLessThanOrEqual(LONGEST_WAIT_MS);
  await vi.advanceTimersByTimeAsync(LONGEST_WAIT_MS);
  expect((await Promise.all(late)).filter(Boolean).length).toBeGreaterThan(300);
  // a few wrong tries of one's own come as soon
  await vi.advanceTimersByTimeAsync(300_000);
  for (let n = 1; n < QUICK_TRIES; n++) expect((await waitOf(turns.take(ADA, "home"))).ms).toBeLessThan(60_000);
});

test("however many wait for one account or for others, a new network of another is not put off", async () => {
  const turns = new SignInTurns();
  for (let n = 0; n < 1_500; n++) void turns.take(ADA, `bot ${n}`);
  for (let n = 0; n < 1_500; n++) void turns.take("made-up@example.com", `bot ${n}`);
  expect(turns.waiting).toBeLessThanOrEqual(2_000);
  for (let n = 0; n < 30; n++) void turns.take("bob@example.com", "bot 1");
  expect(await waitOf(turns.take("bob@example.com", "home"))).toMatchObject({ came: true });
});

test("when the quick tries of a day are used up, a new network still comes before all that have tried", async () => {
  const turns = new SignInTurns();
  for (let n = 0; n < 6_200; n += 20) {
    for (let i = 0; i < 20; i++) void turns.take(ADA, `once ${n + i}`);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await vi.advanceTimersByTimeAsync(2 * LONGEST_WAIT_MS);
  const told = attack(turns, 200, "once");
  await vi.advanceTimersByTimeAsync(10_000);
  for (let n = 0; n < 5; n++) {
    const { came, ms } = await waitOf(turns.take(ADA, `home ${n}`));
    expect(came).toBe(true);
    expect(ms).toBeLessThanOrEqual(TURN_MS + 200);
  }
  told.until = 0;
}, 30_000);

test("who leaves takes no turn, and its place is free at once", async () => {
  const turns = new SignInTurns();
  const told = attack(turns, 40);
  await vi.advanceTimersByTimeAsync(600_000);
  for (let n = 0; n < 5; n++) {
    const leaving = new AbortController();
    const came = turns.take(ADA, "bot 1", leaving.signal);
    const before = turns.waiting;
    leaving.abort();
    expect(turns.waiting).toBe(before - 1);
    expect(await came).toBe(false);
  }
  expect(await turns.take(ADA, "home", AbortSignal.abort())).toBe(false);
  told.until = 0;
});

test("who signs in right is never slowed down by what was right before", async () => {
  const turns = new SignInTurns();
  for (let n = 0; n < 200; n++) {
    expect((await waitOf(turns.take(ADA, `home ${n % 4}`))).ms).toBeLessThanOrEqual(100);
    turns.wasRight(ADA, `home ${n % 4}`);
  }
});

test("10,000 made-up accounts do not make forgotten what was tried for a real one", async () => {
  const turns = new SignInTurns();
  for (let n = 0; n < 40; n++) void turns.take(ADA, "bot");
  for (let n = 0; n < 10_000; n++) void turns.take(`made-up-${n}@example.com`, "bot");
  const again = Array.from({ length: 30 }, () => turns.take(ADA, "bot"));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(turns.waiting).toBeGreaterThan(40);
  await vi.advanceTimersByTimeAsync(LONGEST_WAIT_MS);
  expect((await Promise.all(again)).filter(Boolean).length).toBeLessThan(30);
});
