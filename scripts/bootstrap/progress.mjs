const HEARTBEAT_MS = 5_000;
const FRAME_MS = 250;

/** `npm run --silent` asks for the command's own output alone */
const out = process.env.npm_config_loglevel === "silent" ? process.stderr : process.stdout;

const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

/**
 * Runs one stage and prints its name and how long it took. On a terminal the line counts up in place; elsewhere a
 * long stage prints a line every few seconds, so that a log shows that it is alive.
 */
export async function stage(name, work) {
  const startedMs = Date.now();
  const live = out.isTTY;
  const timer = setInterval(
    () => out.write(live ? `\r\x1b[2K· ${name} ${seconds(startedMs)}` : `· ${name} … ${seconds(startedMs)}\n`),
    live ? FRAME_MS : HEARTBEAT_MS,
  );
  const finish = (mark) => {
    clearInterval(timer);
    out.write(`${live ? "\r\x1b[2K" : ""}${mark} ${name} ${seconds(startedMs)}\n`);
  };
  try {
    const result = await work();
    finish("✓");
    return result;
  } catch (error) {
    finish("✗");
    throw error;
  }
}
