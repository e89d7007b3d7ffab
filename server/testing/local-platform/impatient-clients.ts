import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** `PORT PER_SECOND SECONDS PATIENCE_MS`: one client after the other, whoever was answered; prints answers a second. */
const [port = 0, perSecond = 0, seconds = 0, patienceMs = 0] = process.argv.slice(2).map(Number);
const answered = Array.from({ length: seconds }, () => 0);
const beganMs = performance.now();

function ask(second: number): void {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  const patience = setTimeout(() => socket.destroy(), patienceMs);
  socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  socket.once("data", (chunk: Buffer) => {
    if (chunk.toString("latin1").startsWith("HTTP/1.1 200")) answered[second] = (answered[second] ?? 0) + 1;
    clearTimeout(patience);
    socket.destroy();
  });
}

for (let sent = 0; sent < perSecond * seconds; ) {
  const nowS = (performance.now() - beganMs) / 1_000;
  for (; sent < Math.min(nowS * perSecond, perSecond * seconds); sent++) ask(Math.floor(sent / perSecond));
  await delay(5);
}
await delay(patienceMs);
console.log(JSON.stringify(answered));
