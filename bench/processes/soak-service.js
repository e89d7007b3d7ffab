import http from "node:http";

/** The service under the soak: answers at once, and writes so many log lines a second. */
const { PORT } = process.env;
const [, , version = "", linesPerSecond = "10"] = process.argv;
const EVERY_MS = 100;
let written = 0;
let owed = 0;

setInterval(() => {
  for (owed += (Number(linesPerSecond) * EVERY_MS) / 1_000; owed >= 1; owed--) {
    written += 1;
    console.log(JSON.stringify({ level: "info", msg: `order ${written} of cart ${written % 97} was booked`, version }));
  }
}, EVERY_MS);

http
  .createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ version }));
  })
  .listen(Number(PORT), "127.0.0.1");
