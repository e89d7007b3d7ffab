"use client";

import { type FormEvent, useEffect, useRef, useState } from "react";
import type { IncidentView } from "#server/agent/incidents/schema.ts";
import { LONGEST_TEXT } from "#server/agent/incidents/words.ts";
import { FormError } from "../feedback/form-error.tsx";
import { Section } from "../layout/page.tsx";
import { useShortcuts } from "../lib/shortcuts.ts";
import { Button } from "../ui/button.tsx";
import { Field, Textarea } from "../ui/field.tsx";
import { keepDraft, readDraft } from "./note-draft.ts";
import { submitOnModEnter } from "./submit-keys.ts";
import { useManageIncident } from "./use-manage-incident.ts";

/** A note for the timeline. What was typed survives a reload and a failure, until it is posted. */
export function NoteForm({ incident }: { incident: IncidentView }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState("");
  useEffect(() => setText(readDraft(incident.id)), [incident.id]);
  const write = (next: string) => {
    setText(next);
    keepDraft(incident.id, next);
  };
  const manage = useManageIncident(() => write(""));
  useShortcuts([{ keys: "n", label: "Write a note", group: "This page", run: () => field.current?.focus() }]);

  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const updateNotes = text.trim();
    if (updateNotes && !manage.isPending) manage.mutate({ action: "update", incidentId: incident.id, updateNotes });
  };
  return (
    <Section title="Add a note">
      <form onSubmit={onSubmit} className="flex flex-col gap-2 p-3">
        <Field label="What you saw, did or decided" hint="Ctrl or Command with Enter posts it">
          {(control) => (
            <Textarea
              {...control}
              ref={field}
              rows={3}
              maxLength={LONGEST_TEXT}
              value={text}
              readOnly={manage.isPending}
              onChange={(event) => write(event.target.value)}
              onKeyDown={submitOnModEnter}
            />
          )}
        </Field>
        <FormError error={manage.error} />
        <div>
          <Button type="submit" variant="primary" disabled={manage.isPending || !text.trim()}>
            {manage.isPending ? "Posting…" : "Post the note"}
          </Button>
        </div>
      </form>
    </Section>
  );
}
