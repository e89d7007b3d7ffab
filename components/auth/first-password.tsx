"use client";

import dynamic from "next/dynamic";

// of its own chunk: nobody else loads it with the frame of every page
const PasswordForm = dynamic(() => import("../settings/password-form.tsx").then((module) => module.PasswordForm));

/** What a person sees whose password someone else has set: nothing but the way to choose one. */
export const FirstPassword = () => (
  <>
    <p className="text-ink-2 text-sm">Someone else has handed you your password. Choose one that only you know.</p>
    <PasswordForm />
  </>
);
