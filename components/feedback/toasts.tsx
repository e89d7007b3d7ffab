"use client";

import dynamic from "next/dynamic";

/** Where toasts appear; comes after the page's first scripts. */
export const Toasts = dynamic(() => import("./toaster.tsx").then((module) => module.Toaster), { ssr: false });
