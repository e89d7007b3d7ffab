/** Times in sentences. Each names its zone itself: one that leaves it to a time beside it is read as local. */

/** `2026-11-27 23:59 UTC` */
export const utc = (at: Date): string => `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** `23:59:10 UTC` */
export const utcClock = (at: Date): string => `${at.toISOString().slice(11, 19)} UTC`;

/** `23:59 UTC` */
export const utcMinute = (at: Date): string => `${at.toISOString().slice(11, 16)} UTC`;
