import { expect, it } from "vitest";
import { withoutConsoleCookies } from "./console-cookies.ts";

it.each([
  { given: "a=1; b=2", left: "a=1; b=2" },
  { given: "operate.session_token=x.y", left: null },
  { given: " operate.session_token=x ; operate.rail=wide;", left: null },
  { given: "a=1; operate.session_token=x; b=2", left: "a=1; b=2" },
  { given: "operate.session_token=x; a=1;b=2", left: "a=1;b=2" },
  { given: "a=1;__Secure-operate.session_token=x;  b=\xe6\x97 ", left: "a=1;  b=\xe6\x97 " },
  { given: "__Host-operate-k3x9.session_token=x; a=1", left: "a=1" },
  { given: "OPERATE.session_token=x; a=1", left: "a=1" },
  {
    given: "cooperate.x=1; operated=2; x=operate.session_token",
    left: "cooperate.x=1; operated=2; x=operate.session_token",
  },
  { given: "", left: "" },
])("$given", ({ given, left }) => {
  expect(withoutConsoleCookies(given)).toBe(left);
});
