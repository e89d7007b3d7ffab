"use client";

import { CalendarClock } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import { cn } from "../lib/cn.ts";
import { Button } from "../ui/button.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { PRESET_WORDS, PRESETS, presetOf, presetRange } from "./range.ts";
import { useTimeRange } from "./time-range.tsx";

const CustomRangeDialog = dynamic(
  () => import("./custom-range-dialog.tsx").then((module) => module.CustomRangeDialog),
  { ssr: false },
);

/** Presets side by side, anything else in a dialog; a range that is no preset says itself in words. */
export function RangePicker() {
  const { range, words, within, setRange } = useTimeRange();
  const [custom, setCustom] = useState(false);
  const preset = presetOf(range);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Segmented
        label="Range"
        value={preset}
        onChange={(next) => next && setRange(presetRange(next))}
        options={PRESETS.map((value) => ({ value, label: value, title: PRESET_WORDS[value] }))}
      />
      <Button
        size={preset ? "icon" : "md"}
        onClick={() => setCustom(true)}
        aria-label={preset ? "Another range" : `Range: ${words}. Change`}
        {...(preset ? {} : { title: within })}
        className={cn(!preset && "bg-selected!")}
      >
        <CalendarClock aria-hidden="true" />
        {preset ? null : words}
      </Button>
      {custom ? <CustomRangeDialog open onOpenChange={setCustom} /> : null}
    </div>
  );
}
