"use client";

export { PageError as default } from "#components/outage/page-error.tsx";
