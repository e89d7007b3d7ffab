"use client";

import dynamic from "next/dynamic";

// of its own chunk: nobody else loads it with the frame of every page
const PasswordForm = dynamic(() => import("../settings/password-form.tsx").then((module) => module.PasswordForm));

/** What a person sees who signed in with a password that was made for them: nothing but the way to choose one. */
export const FirstPassword = () => (
  <>
    <p className="text-ink-2 text-sm">
      The password you signed in with was made for you. Choose one that only you know.
    </p>
    <PasswordForm alone />
  </>
);
