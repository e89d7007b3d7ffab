"use client";

import { type FormEvent, useEffect, useState } from "react";
import { LONGEST_PERSON_NAME, MAX_PASSWORD, MIN_PASSWORD } from "#server/auth/words.ts";
import { Button } from "../ui/button.tsx";
import { Checkbox, Field, Input } from "../ui/field.tsx";
import { postJson, type Refusal } from "./auth-request.ts";

/** The token stands in the fragment, which browsers keep to themselves: `#<token>` or `#token=<token>`. */
const tokenOf = (hash: string): string => hash.replace(/^#(token=)?/, "");

/** Makes the first administrator with the one-time link that the terminal printed. */
export function SetupForm() {
  const [hasToken, setHasToken] = useState(true); // the server does not see the fragment
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);

  useEffect(() => {
    const read = () => setHasToken(tokenOf(window.location.hash) !== "");
    read();
    window.addEventListener("hashchange", read);
    return () => window.removeEventListener("hashchange", read);
  }, []);

  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setRefusal(null);
    const refused = await postJson("/api/setup", {
      token: tokenOf(window.location.hash),
      name: String(form.get("name")).trim(),
      email: String(form.get("email")).trim(),
      password: String(form.get("password")),
    });
    if (!refused) return window.location.replace("/");
    setRefusal(refused);
    setBusy(false);
  };

  if (!hasToken)
    return (
      <p className="text-ink-2">
        Open the set-up link that <code className="num">npm start</code> printed in the terminal. It works once, and
        only until the first account is made.
      </p>
    );
  return (
    <form method="post" onSubmit={(event) => void onSubmit(event)} className="flex flex-col gap-3">
      <p className="text-ink-2 text-sm">This account may do everything, and lets others in.</p>
      <Field label="Name" hint="as colleagues see it in the audit log">
        {(control) => (
          <Input
            {...control}
            name="name"
            autoComplete="name"
            required
            autoFocus
            maxLength={LONGEST_PERSON_NAME}
            className="h-10"
          />
        )}
      </Field>
      <Field label="E-mail" hint="to sign in with; nothing is sent to it">
        {(control) => (
          <Input {...control} name="email" type="email" autoComplete="username" required className="h-10" />
        )}
      </Field>
      <Field label="Password" hint={`${MIN_PASSWORD} to ${MAX_PASSWORD} characters; a few words in a row are good`}>
        {(control) => (
          <Input
            {...control}
            name="password"
            type={shown ? "text" : "password"}
            autoComplete="new-password"
            required
            minLength={MIN_PASSWORD}
            maxLength={MAX_PASSWORD}
            className="h-10"
          />
        )}
      </Field>
      <Checkbox label="Show what I type" checked={shown} onChange={(event) => setShown(event.target.checked)} />
      {refusal ? (
        <p role="alert" className="whitespace-pre-line text-critical text-sm">
          {refusal.message}
        </p>
      ) : null}
      <Button type="submit" variant="primary" disabled={busy} className="h-10 justify-center">
        {busy ? "Creating…" : "Create the administrator"}
      </Button>
    </form>
  );
}
