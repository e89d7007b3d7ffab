"use client";

import { CircleHelp, Search, X } from "lucide-react";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { LONGEST_QUERY } from "#server/agent/logs/words.ts";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { cn } from "../../lib/cn.ts";
import { useShortcuts } from "../../lib/shortcuts.ts";
import { Button } from "../../ui/button.tsx";
import { Kbd } from "../../ui/kbd.tsx";
import { caretLines, type QueryError } from "./query-error.ts";

interface SearchBoxProps {
  /** the query that is applied */
  query: string;
  onSearch: (query: string) => void;
  /** of the applied query */
  error: QueryError | null;
}

/** The query, applied with Enter. What is wrong with it is shown under it, at its column. */
export function SearchBox({ query, onSearch, error }: SearchBoxProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(query);
  const [help, setHelp] = useState(false);
  useEffect(() => setText(query), [query]);
  useShortcuts([{ keys: "/", label: "Search the lines", group: "This page", run: () => input.current?.focus() }]);
  const shown = error && text.trim() === query.trim() ? error : null;
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(text.trim());
  };

  return (
    <search className="flex flex-col gap-1.5">
      <form onSubmit={onSubmit} className="flex items-center gap-2">
        <div className="relative min-w-0 flex-1">
          <Search aria-hidden="true" className="absolute top-2 left-2.5 size-4 text-ink-3" />
          <label htmlFor={id} className="sr-only">
            Search the lines
          </label>
          <input
            ref={input}
            id={id}
            value={text}
            onChange={(event) => setText(event.target.value)}
            maxLength={LONGEST_QUERY}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            enterKeyHint="search"
            aria-invalid={shown !== null}
            aria-describedby={`${id}-note`}
            placeholder={'words, "a phrase", status:500, -health'}
            className={cn(
              "num h-8 w-full rounded-md border border-line-strong bg-surface pr-16 pl-8 text-sm placeholder:text-ink-3",
              "aria-invalid:border-critical",
            )}
          />
          <span className="absolute top-0.5 right-1 flex items-center">
            {text ? (
              <Button
                variant="ghost"
                size="sm"
                className="px-1.5"
                aria-label="Clear the search"
                onClick={() => {
                  setText("");
                  onSearch("");
                  input.current?.focus();
                }}
              >
                <X />
              </Button>
            ) : (
              <span className="mr-1 hidden sm:block">
                <Kbd>/</Kbd>
              </span>
            )}
            <Button
              variant="ghost"
              size="sm"
              className="px-1.5"
              aria-expanded={help}
              aria-controls={`${id}-help`}
              aria-label="How to search"
              onClick={() => setHelp(!help)}
            >
              <CircleHelp />
            </Button>
          </span>
        </div>
        <Button type="submit" variant={text.trim() === query ? "secondary" : "primary"}>
          Search
        </Button>
      </form>
      <div id={`${id}-note`} aria-live="polite">
        {shown ? <Complaint query={query} error={shown} /> : null}
      </div>
      <div id={`${id}-help`} hidden={!help}>
        <Syntax onTry={(example) => setText(example)} />
      </div>
    </search>
  );
}

function Complaint({ query, error }: { query: string; error: QueryError }) {
  const { text, carets } = caretLines(query, error);
  return (
    <div className="rounded-md border border-critical/40 bg-critical-soft px-2.5 py-1.5 text-sm">
      <pre aria-hidden="true" className="num overflow-hidden text-sm leading-4">
        <VisibleText text={text} />
        {"\n"}
        <span className="text-critical">{carets}</span>
      </pre>
      <p className="text-critical">
        <VisibleText text={error.message} />
      </p>
    </div>
  );
}

const SYNTAX = [
  { example: "timeout", means: "the word occurs in the line, in capitals or not" },
  { example: '"rounding error"', means: "these words, in this order" },
  { example: "status:500", means: "the field is this; dots reach inside: user.id:7" },
  { example: "path:/api/*", means: "* stands for anything" },
  { example: "-healthz", means: "without; goes before words, phrases and fields" },
  { example: "level:warn", means: "warnings and worse" },
  { example: "service:checkout", means: "also environment, version, instance, trace, pattern" },
] as const;

const Syntax = ({ onTry }: { onTry: (example: string) => void }) => (
  <div className="rounded-md border bg-surface px-3 py-2 text-sm">
    <p className="mb-1 text-ink-3 text-xs">All parts must hold. Choose one to try it.</p>
    <dl className="grid gap-x-8 gap-y-0.5 lg:grid-cols-2">
      {SYNTAX.map(({ example, means }) => (
        <div key={example} className="flex min-h-7 items-baseline gap-3">
          <dt className="w-40 shrink-0">
            <button type="button" className="link num" onClick={() => onTry(example)}>
              {example}
            </button>
          </dt>
          <dd className="min-w-0 text-ink-2">{means}</dd>
        </div>
      ))}
    </dl>
  </div>
);
