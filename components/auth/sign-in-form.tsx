"use client";

import { type FormEvent, useEffect, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Checkbox, Field, Input } from "../ui/field.tsx";
import { postJson, type Refusal } from "./auth-request.ts";
import { followSignIn, tellSignedIn } from "./other-tabs.ts";
import { SlowAnswer } from "./slow-answer.tsx";

const messageOf = (refusal: Refusal): string =>
  refusal.code === "INVALID_EMAIL_OR_PASSWORD" ? "E-mail or password is wrong." : refusal.message;

/** `next` is a checked path of this console. */
export function SignInForm({ next }: { next: string }) {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => followSignIn(next), [next]);

  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setRefusal(null);
    const refused = await postJson("/api/auth/sign-in/email", {
      email: String(form.get("email")).trim(),
      password: String(form.get("password")),
      rememberMe: form.get("remember") === "on",
    });
    if (!refused) {
      tellSignedIn();
      return window.location.assign(next);
    }
    setRefusal(refused);
    setBusy(false);
  };

  return (
    <form method="post" onSubmit={(event) => void onSubmit(event)} className="flex flex-col gap-3">
      <Field label="E-mail">
        {(control) => (
          <Input {...control} name="email" type="email" autoComplete="username" required autoFocus className="h-10" />
        )}
      </Field>
      <Field label="Password">
        {(control) => (
          <Input
            {...control}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            className="h-10"
          />
        )}
      </Field>
      <Checkbox label="Stay signed in on this device" name="remember" defaultChecked />
      {busy ? <SlowAnswer /> : null}
      {refusal ? (
        <p role="alert" className="whitespace-pre-line text-critical text-sm">
          {messageOf(refusal)}
        </p>
      ) : null}
      <Button type="submit" variant="primary" disabled={busy} className="h-10 justify-center">
        {busy ? "Signing in…" : "Sign in"}
      </Button>
    </form>
  );
}
