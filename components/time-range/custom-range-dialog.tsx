"use client";

import { type FormEvent, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { customRange, toLocalInput } from "./custom-range.ts";
import { useTimeRange } from "./time-range.tsx";

interface CustomRangeDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Two times in the viewer's zone. */
export const CustomRangeDialog = ({ open, onOpenChange }: CustomRangeDialogProps) => (
  <Dialog
    open={open}
    onOpenChange={onOpenChange}
    title="Choose a range"
    description="Times are those of your clock. The back button returns to the range before."
  >
    <CustomRangeForm onDone={() => onOpenChange(false)} />
  </Dialog>
);

const offsetOf = (ms: number): number => -new Date(ms).getTimezoneOffset();

function CustomRangeForm({ onDone }: { onDone: () => void }) {
  const time = useTimeRange();
  const [from, setFrom] = useState(() => toLocalInput(time.from.getTime(), offsetOf(time.from.getTime())));
  const [to, setTo] = useState(() => toLocalInput(time.to.getTime(), offsetOf(time.to.getTime())));
  const { range, error } = customRange(from, to, offsetOf);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!range) return;
    time.setRange(range);
    onDone();
  };
  return (
    <form onSubmit={onSubmit}>
      <DialogBody className="sm:grid sm:grid-cols-2">
        <Field label="From">
          {(control) => (
            <Input
              {...control}
              type="datetime-local"
              step={1}
              className="num"
              value={from}
              onChange={(event) => setFrom(event.target.value)}
            />
          )}
        </Field>
        <Field label="To, not included" error={error}>
          {(control) => (
            <Input
              {...control}
              type="datetime-local"
              step={1}
              className="num"
              value={to}
              onChange={(event) => setTo(event.target.value)}
            />
          )}
        </Field>
      </DialogBody>
      <DialogActions>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" variant="primary" disabled={!range}>
          Show this range
        </Button>
      </DialogActions>
    </form>
  );
}
