import { expect, it } from "vitest";
import { keepConfidential } from "./confidential.ts";
import { sealed, unsealed } from "./sealed.ts";

keepConfidential([
  { value: "pass/word+1", shown: "${env:PASS}", secret: true },
  { value: "Bearer pass/word+1", shown: "${env:HEADER}", secret: true },
]);

it("keeps texts with their placeholders, and gives their values back", () => {
  const hooks = [{ url: "http://h/pass/word+1", headers: { a: "Bearer pass/word+1", b: "x" }, retries: 0, none: null }];
  expect(sealed(hooks)).toEqual([
    { url: "http://h/${env:PASS}", headers: { a: "${env:HEADER}", b: "x" }, retries: 0, none: null },
  ]);
  expect(unsealed(sealed(hooks))).toEqual(hooks);
  expect(sealed(sealed(hooks))).toEqual(sealed(hooks));
});

it("says which placeholder the configuration no longer has", () => {
  expect(() => unsealed(["${env:GONE}"])).toThrow(/\$\{env:GONE\} was in the configuration.*Ask for it anew/);
  expect(unsealed("${url:payments} and ${x:-y}")).toBe("${url:payments} and ${x:-y}");
});

it("gives back the whole value, not a part of it, whichever was told of last", () => {
  const dsn = "mysql://ops:walnuts-7@db/shop";
  const part = { value: "walnuts-7", shown: "${env:DSN}", secret: true, isPart: true } as const;
  keepConfidential([{ value: dsn, shown: "${env:DSN}", secret: true }, part]);
  expect(unsealed(sealed({ a: dsn, b: "walnuts-7" }))).toEqual({ a: dsn, b: "walnuts-7" });
  keepConfidential([{ value: "walnuts-7", shown: "${env:WORD}", secret: true }, part]);
  expect(sealed("walnuts-7")).toBe("${env:WORD}");
  expect(unsealed(sealed("walnuts-7"))).toBe("walnuts-7");
});
