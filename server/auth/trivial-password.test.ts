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
  "my name is ada!",
  "lovelace-1815-x",
  "ada.lovelace@example.com",
  "xx example.com xx",
])("%j is easy to guess", (password) => expect(whyTrivial(password, owner)).not.toBeNull());

test.each([
  "another long password",
  "a given password",
  "correct horse staple",
  "glacier-Tunnel-92-moth",
  newOneTimePassword(),
])("%j is not", (password) => expect(whyTrivial(password, owner)).toBeNull());
