import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "../fixtures/test.ts";

/** Many clients read no answer before they have sent all: they are not left waiting, and see why they were refused. */

const MEGABYTES = 24; // more than the kernel holds between two processes
const SENT_WITHIN_MS = 60_000;

async function sendAllThenRead(url: URL, headers: Record<string, string>): Promise<{ sent: boolean; status: string }> {
  const socket = connect(Number(url.port), url.hostname).pause();
  socket.on("error", () => undefined); // `sent` tells
  const tooLong = setTimeout(() => socket.destroy(), SENT_WITHIN_MS);
  const send = (data: string | Buffer) =>
    new Promise<boolean>((resolve) => socket.write(data, (error) => resolve(!error)));
  const head = { host: url.host, origin: url.origin, "content-type": "application/json", ...headers };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  const chunk = Buffer.from(`${(1_000_000).toString(16)}\r\n${" ".repeat(1_000_000)}\r\n`);
  let sent = await send(`POST ${url.pathname} HTTP/1.1\r\n${lines.join("")}transfer-encoding: chunked\r\n\r\n`);
  for (let i = 0; i < MEGABYTES && sent; i++) sent = await send(chunk);
  const [first] = sent ? await once(socket.end("0\r\n\r\n").resume(), "data") : [""];
  clearTimeout(tooLong);
  socket.destroy();
  return { sent, status: String(first).split("\r\n")[0] ?? "" };
}

for (const path of ["/api/setup", "/api/auth/sign-in/email", "/api/trpc/settings.checkConfig", "/api/mcp"])
  test(`${path} reads on what it refused, so that its sender sees the answer`, async ({ context, baseURL }) => {
    const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const { sent, status } = await sendAllThenRead(new URL(path, baseURL), { cookie: cookies });
    expect(sent).toBe(true);
    expect(status).toMatch(/^HTTP\/1\.1 (413|401) /);
  });
