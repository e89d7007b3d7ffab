"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { MAX_PASSWORD, MIN_PASSWORD } from "#server/auth/words.ts";
import { useMe } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { Field, Input } from "../ui/field.tsx";
import { changePassword } from "./change-password.ts";

const EMPTY = { current: "", next: "", again: "" };

function problemsOf({ current, next, again }: typeof EMPTY) {
  return {
    current: current ? null : "Your present password is needed.",
    next:
      next.length < MIN_PASSWORD
        ? `At least ${MIN_PASSWORD} characters; this one has ${next.length}.`
        : next.length > MAX_PASSWORD
          ? `At most ${MAX_PASSWORD} characters.`
          : next === current
            ? "It is the present one: choose another."
            : null,
    again: again === next ? null : "The two do not match.",
  };
}

const LABELS = [
  { key: "current", label: "Present password", hint: "", autoComplete: "current-password" },
  {
    key: "next",
    label: "New password",
    hint: `${MIN_PASSWORD} to ${MAX_PASSWORD} characters; a few words are fine`,
    autoComplete: "new-password",
  },
  { key: "again", label: "New password again", hint: "", autoComplete: "new-password" },
] as const;

/** Changes the password of whoever is signed in; `alone`: there is nothing else on the page. */
export function PasswordForm({ alone = false }: { alone?: boolean }) {
  const me = useMe();
  const router = useRouter();
  const [values, setValues] = useState(EMPTY);
  const [tried, setTried] = useState(false);
  const change = useMutation({
    mutationFn: ({ current, next }: typeof EMPTY) => changePassword(current, next),
    onSuccess: (problem) => {
      if (problem) return;
      setValues(EMPTY);
      setTried(false);
      router.refresh();
    },
  });
  const problems = problemsOf(values);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.values(problems).every((problem) => problem === null) && !change.isPending) change.mutate(values);
  };
  return (
    <form method="post" onSubmit={onSubmit} className="flex max-w-md flex-col gap-3 p-3">
      <input type="text" autoComplete="username" value={me.email ?? ""} readOnly hidden />
      {LABELS.map(({ key, label, hint, autoComplete }, index) => (
        <Field key={key} label={label} hint={hint} error={tried ? problems[key] : null}>
          {(control) => (
            <Input
              {...control}
              type="password"
              autoFocus={alone && index === 0}
              autoComplete={autoComplete}
              value={values[key]}
              onChange={(event) => setValues({ ...values, [key]: event.target.value })}
            />
          )}
        </Field>
      ))}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" variant="primary" disabled={change.isPending}>
          {change.isPending ? "Changing…" : "Change the password"}
        </Button>
        <span role="status" className="text-sm">
          {change.data === null && !tried ? "The password is changed." : null}
        </span>
      </div>
      {change.data ? (
        <p role="alert" className="text-critical text-sm">
          {change.data}
        </p>
      ) : null}
    </form>
  );
}
