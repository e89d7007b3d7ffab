"use client";

import { parseAsIsoDateTime, parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { ACTION_FORM, LONGEST_TARGET_ID, OUTCOMES } from "#server/audit/words.ts";
import { Facet } from "../data-table/facet.tsx";
import { cn } from "../lib/cn.ts";
import { Button } from "../ui/button.tsx";
import { Input } from "../ui/field.tsx";
import type { AuditEntryView } from "./entry.ts";
import { toLocalInput } from "./local-time.ts";

const TARGET_TYPES = [
  "deployment",
  "incident",
  { value: "health-target", label: "health check" },
  { value: "token", label: "API token" },
  "user",
] as const;
/** What an action begins with, to choose from; anything else may be typed. */
const beginningsOf = (actions: readonly string[]) => [
  ...new Set(actions.map((action) => action.slice(0, action.indexOf(".") + 1))),
];

export function useAuditFilters() {
  const [filters, setFilters] = useQueryStates({
    actor: parseAsString,
    action: parseAsString,
    outcome: parseAsStringLiteral(OUTCOMES),
    type: parseAsString,
    target: parseAsString,
    from: parseAsIsoDateTime,
    to: parseAsIsoDateTime,
  });
  const { actor, action, outcome, type, target, from, to } = filters;
  const input = {
    ...(actor ? { actorId: actor } : {}),
    ...(action && new RegExp(`^${ACTION_FORM}$`).test(action) ? { action } : {}),
    ...(outcome ? { outcome } : {}),
    ...(type ? { targetType: type } : {}),
    ...(target ? { targetId: target } : {}),
    ...(from ? { from: from.toISOString() } : {}),
    ...(to ? { to: to.toISOString() } : {}),
  };
  return { filters, setFilters, input, any: Object.keys(input).length > 0 };
}

type Filters = ReturnType<typeof useAuditFilters>;

interface AuditFiltersProps extends Filters {
  actions: readonly string[];
  /** those seen so far, to choose from */
  actors: readonly AuditEntryView["actor"][];
}

/** What is typed counts when Enter is pressed or the field is left; what is chosen at once. */
export function AuditFilters({ filters, setFilters, any, actions, actors }: AuditFiltersProps) {
  const list = useId();
  const [open, setOpen] = useState(false);
  const set = (change: Parameters<typeof setFilters>[0]) => void setFilters(change);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  };
  const day = (text: string) => (text ? new Date(text) : null);
  return (
    <form onSubmit={onSubmit} className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <Button aria-expanded={open} onClick={() => setOpen(!open)} className="sm:hidden">
        {open ? "Hide the filters" : any ? "Filters, some set" : "Filters"}
      </Button>
      <div className={cn("flex-wrap items-center gap-x-4 gap-y-2 sm:contents", open ? "flex" : "hidden")}>
        <Facet
          label="Who"
          value={filters.actor}
          onChange={(actor) => set({ actor })}
          options={actors.map((actor) => ({ value: actor.id, label: actor.name }))}
        />
        <Labelled label="What begins with" width="w-40">
          {(id) => (
            <>
              <Input
                id={id}
                key={filters.action}
                list={list}
                defaultValue={filters.action ?? ""}
                pattern={ACTION_FORM}
                title="lower-case words with dots, as in deployment.start"
                placeholder="deployment."
                onBlur={(event) => event.target.checkValidity() && set({ action: event.target.value.trim() || null })}
              />
              <datalist id={list}>
                {beginningsOf(actions).map((one) => (
                  <option key={one} value={one} />
                ))}
              </datalist>
            </>
          )}
        </Labelled>
        <Facet label="Outcome" value={filters.outcome} onChange={(outcome) => set({ outcome })} options={OUTCOMES} />
        <Facet label="On a" value={filters.type} onChange={(type) => set({ type })} options={TARGET_TYPES} />
        <Labelled label="with id" width="w-40">
          {(id) => (
            <Input
              id={id}
              key={filters.target}
              defaultValue={filters.target ?? ""}
              maxLength={LONGEST_TARGET_ID}
              className="num"
              onBlur={(event) => set({ target: event.target.value.trim() || null })}
            />
          )}
        </Labelled>
        <Labelled label="From" width="w-54">
          {(id) => (
            <Input
              id={id}
              type="datetime-local"
              key={filters.from?.toISOString()}
              defaultValue={toLocalInput(filters.from)}
              className="num"
              onBlur={(event) => set({ from: day(event.target.value) })}
            />
          )}
        </Labelled>
        <Labelled label="before" width="w-54">
          {(id) => (
            <Input
              id={id}
              type="datetime-local"
              key={filters.to?.toISOString()}
              defaultValue={toLocalInput(filters.to)}
              className="num"
              onBlur={(event) => set({ to: day(event.target.value) })}
            />
          )}
        </Labelled>
      </div>
      <button type="submit" className="link sr-only text-sm focus:not-sr-only">
        Apply
      </button>
      {any ? (
        <Button
          variant="ghost"
          onClick={() =>
            set({ actor: null, action: null, outcome: null, type: null, target: null, from: null, to: null })
          }
        >
          Clear all
        </Button>
      ) : null}
    </form>
  );
}

function Labelled({ label, width, children }: { label: string; width: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="flex items-center gap-1.5 text-sm">
      <label htmlFor={id} className="whitespace-nowrap text-ink-3">
        {label}
      </label>
      <div className={width}>{children(id)}</div>
    </div>
  );
}
