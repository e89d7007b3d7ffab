import { expect, test } from "vitest";
import { newOneTimePassword } from "./password.ts";
import { whyTrivial } from "./trivial-password.ts";

const owner = { email: "ada.lovelace@example.com", name: "Ada Lovelace" };

test.each([
  "aaaaaaaaaaaa",
  "abababababab",
  "abcabcabcabcabc",
  "111111222222",
  "123456789012",
  "abcdefghijklm",
  "987654321098",
  "qwertyuiop12",
  "1q2w3e4r5t6y",
  "password1234",
  "Password2026!",
  "P@ssw0rd1234",
  "passwordpassword",
  "administrator",
  "Welcome12345",
  "changeme!!!!",
  "letmeinplease",
  "operateoperate",
  "            ",
  "Winter2026!!",
  "Summer2026Summer",
  "operate console 1",
  "Tr0ub4dor&3xx",
  "пароль123456",
  "!!2026Winter!!",
  "December-2025",
  "Frühling2026!",
  "w1nt3r-2026-!",
  "0perate-C0nso1e",
  "drowssap12345",
  "Operate-Admin-2026",
  "KUBERNETES2026",
  "Bicycle202612",
  "202612Bicycle",
  "Elephant!!!!!1",
  "horse horse horse",
  "horse-2026-horse",
  "cat dog 1 cat dog 2",
  "monday tuesday 7",
  "s e c r e t 1 2 3 4",
  "пароль-пароль-1",
  "ＷＩＮＴＥＲ２０２６！！",
  "my name is ada!",
  "lovelace-1815-x",
  "ada.lovelace@example.com",
  "xx example.com xx",
  "1qaz@WSX3edc$RFV",
  "!QAZ2wsx#EDC4rfv",
  "zaq12wsxcde3",
  "ZAQ!@WSXcde3",
  "147258369147",
  "963852741963",
  "qweasdzxc123",
  "azertyqsdfgh",
  "yaq1xsw2cde3",
  "iloveyou-forever",
  "hunter2hunter2x",
  "!glacier7glacier7",
])("%j is easy to guess", (password) => expect(whyTrivial(password, owner)).not.toBeNull());

test.each([
  "another long password",
  "a given password",
  "correct horse staple",
  "glacier-Tunnel-92-moth",
  "kj7Hq2mZx9Lw4",
  "winter moth glacier",
  "тихий якорь у реки",
  "correct-Horse-17",
  "𝔘𝔫𝔲𝔰𝔲𝔞𝔩 glyph and moth",
  newOneTimePassword(),
])("%j is not", (password) => expect(whyTrivial(password, owner)).toBeNull());

test("no one-time password is refused", () => {
  for (let i = 0; i < 2_000; i++) {
    const password = newOneTimePassword();
    expect([password, whyTrivial(password, { email: "somebody@example.com", name: "Somebody" })]).toEqual([
      password,
      null,
    ]);
  }
});
