import http from "node:http";

/** The service under the storm. Its version says how it behaves: `-bad` fails one request in ten, `-never` is never ready. */
const { PORT } = process.env;
const [, , , version = ""] = process.argv;
let served = 0;

http
  .createServer((request, response) => {
    const probe = request.url === "/readyz";
    const fails = probe ? version.endsWith("-never") : version.endsWith("-bad") && ++served % 10 === 0;
    setTimeout(
      () => {
        response.writeHead(fails ? 503 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify({ version }));
      },
      probe ? 0 : 4 + Math.random() * 4,
    );
  })
  .listen(Number(PORT), "127.0.0.1");
