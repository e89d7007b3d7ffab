import dynamic from "next/dynamic";

/** A chart's numbers, as high as its place; loaded when somebody asks for them. */
export const NumberTable = dynamic(() => import("./number-rows.tsx").then((module) => module.NumberRows), {
  ssr: false,
});
