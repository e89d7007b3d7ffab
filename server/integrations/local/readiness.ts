import { get } from "node:http";

/**
 * Asks an instance over a new connection whether it is ready. Null means ready (a status from 200 to 399); otherwise
 * the reason in a few words.
 */
export function checkReadiness(port: number, path: string, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path, agent: false, timeout: timeoutMs }, (response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      settle(status >= 200 && status < 400 ? null : `${path} answered ${status}`);
    });
    const timer = setTimeout(() => settle(`${path} did not answer within ${timeoutMs} ms`), timeoutMs);
    const settle = (reason: string | null) => {
      clearTimeout(timer);
      resolve(reason);
      request.destroy();
    };
    request.on("error", (error: NodeJS.ErrnoException) =>
      settle(error.code === "ECONNREFUSED" ? `nothing listens on port ${port} yet` : `${path}: ${error.message}`),
    );
  });
}
