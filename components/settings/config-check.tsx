"use client";

import { useMutation } from "@tanstack/react-query";
import { createTRPCClient, httpLink } from "@trpc/client";
import { type FormEvent, useRef, useState } from "react";
import type { AppRouter } from "#server/routers/index.ts";
import { Mark } from "../feedback/mark.tsx";
import { Section } from "../layout/page.tsx";
import { plural } from "../lib/format.ts";
import { describeError } from "../trpc/error-description.ts";
import { Button } from "../ui/button.tsx";
import { Field, Textarea } from "../ui/field.tsx";
import { IssueList } from "./issue-list.tsx";

/** A whole configuration does not fit into a URL: this query is asked by POST. */
const checker = createTRPCClient<AppRouter>({ links: [httpLink({ url: "/api/trpc", methodOverride: "POST" })] });

/** lines of context that stay visible above the one that was chosen */
const LINES_ABOVE = 4;

interface ConfigCheckProps {
  text: string;
  file: string;
  sample: boolean;
}

/** Tries a change without saving anything. */
export function ConfigCheck({ text, file, sample }: ConfigCheckProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState(text);
  const check = useMutation({ mutationFn: (input: { text: string }) => checker.settings.checkConfig.query(input) });
  const current = check.variables?.text === draft;
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!check.isPending) check.mutate({ text: draft });
  };
  const goTo = (line: number) => {
    const start =
      draft
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length + (line > 1 ? 1 : 0);
    const end = draft.indexOf("\n", start);
    const area = field.current;
    if (!area) return;
    area.focus();
    area.setSelectionRange(start, end < 0 ? draft.length : end);
    // a selection alone does not bring its line into view
    area.scrollTop = Math.max(0, line - LINES_ABOVE) * Number.parseFloat(getComputedStyle(area).lineHeight);
  };
  return (
    <Section title="Check a change" note="nothing is saved">
      <form onSubmit={onSubmit} className="flex flex-col gap-3 p-3">
        <Field
          label="Configuration to check"
          hint={
            sample
              ? "To apply it: save it as a file of your own and start Operate with OPERATE_CONFIG naming it."
              : `To apply it: put it into ${file} and restart Operate.`
          }
        >
          {(control) => (
            <Textarea
              {...control}
              ref={field}
              rows={16}
              wrap="off"
              spellCheck={false}
              className="num text-xs leading-5"
              value={draft}
              onChange={(event) => setDraft(event.target.value)}
            />
          )}
        </Field>
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" variant="primary" disabled={check.isPending}>
            {check.isPending ? "Checking…" : "Check"}
          </Button>
          {draft === text ? null : (
            <Button variant="ghost" onClick={() => setDraft(text)}>
              Back to what is in the file
            </Button>
          )}
          <span role="status" className="text-sm">
            {check.error ? (
              <span className="text-critical">{describeError(check.error).message}</span>
            ) : check.data && !current ? (
              <span className="text-ink-3">changed since it was checked</span>
            ) : check.data?.valid ? (
              <Mark tone="ok">
                {check.data.unchecked.length === 0
                  ? "Valid: Operate would start with it."
                  : `Valid, except that ${check.data.unchecked.join(", ")} cannot be checked here.`}
              </Mark>
            ) : check.data ? (
              <Mark tone="critical">
                {plural(check.data.issues.length, "problem")}: Operate would not start with it.
              </Mark>
            ) : null}
          </span>
        </div>
      </form>
      {check.data && check.data.issues.length > 0 ? (
        <div className="border-t">
          <IssueList issues={check.data.issues} onChoose={goTo} />
        </div>
      ) : null}
    </Section>
  );
}
