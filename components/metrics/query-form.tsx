"use client";

import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useId } from "react";
import { FILTER_OPS } from "#server/agent/metrics/words.ts";
import { VisibleText } from "../feedback/visible-text.tsx";
import { cn } from "../lib/cn.ts";
import { useTRPC } from "../trpc/client.tsx";
import { Button } from "../ui/button.tsx";
import { DraftInput } from "../ui/draft-input.tsx";
import { Select } from "../ui/field.tsx";
import type { Metric } from "./metric-picker.tsx";
import { functionsOf, wordsOf } from "./prepare/functions.ts";
import type { Filter, PanelQuery } from "./prepare/panel-query.ts";

const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999];
const STEPS = [
  [15, "15 s"],
  [60, "1 min"],
  [300, "5 min"],
  [900, "15 min"],
  [3_600, "1 h"],
] as const;
const OP_WORDS: Record<Filter["op"], string> = { "=": "is", "!=": "is not", "=~": "matches", "!~": "does not match" };
/** so many labels are one click away, the others stand in a list */
const CHIPS = 8;

interface QueryFormProps {
  panel: PanelQuery & { metric: string };
  info: Metric | undefined;
  source: "built-in" | "external" | null;
  onChange: (change: Partial<PanelQuery>) => void;
}

/** What is done with the metric: function, filters by label, one line for each value of a label, step. */
export function QueryForm({ panel, info, source, onChange }: QueryFormProps) {
  const trpc = useTRPC();
  const labels = useQuery(
    trpc.metrics.labels.queryOptions({ metric: panel.metric, ...(source ? { source } : {}) }, { staleTime: 60_000 }),
  );
  const names = labels.data?.labels ?? [];
  return (
    <div className="flex flex-col gap-2 border-b px-3 py-2 text-sm">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <FunctionChoice panel={panel} info={info} onChange={onChange} />
        <Choice
          label="Point every"
          value={panel.stepSeconds === null ? "" : String(panel.stepSeconds)}
          onChange={(text) => onChange({ stepSeconds: text ? Number(text) : null })}
          options={[["", "as fits"], ...STEPS.map(([seconds, word]) => [String(seconds), word] as const)]}
        />
        <GroupBy panel={panel} names={names} onChange={onChange} />
      </div>
      <div className="flex flex-wrap items-center gap-2">
        {panel.filters.map((filter, index) => (
          <FilterRow
            // biome-ignore lint/suspicious/noArrayIndexKey: filters have no names, and are only added at the end
            key={index}
            metric={panel.metric}
            source={source}
            filter={filter}
            names={names}
            onChange={(next) =>
              onChange({
                filters: panel.filters.flatMap((one, i) => (i === index ? (next ? [next] : []) : [one])),
              })
            }
          />
        ))}
        <Button
          size="sm"
          variant="ghost"
          disabled={names.length === 0}
          onClick={() => onChange({ filters: [...panel.filters, { label: names[0] ?? "", op: "=", value: "" }] })}
        >
          <Plus aria-hidden="true" /> Filter
        </Button>
      </div>
    </div>
  );
}

function FunctionChoice({ panel, info, onChange }: Omit<QueryFormProps, "source">) {
  const kind = info?.kind ?? "unknown";
  const fitting = functionsOf(kind);
  const usual = fitting[0] ?? "avg";
  const fn = panel.fn ?? usual;
  // what the URL says stays to be seen until another is chosen: the answer says why it is refused
  const offered = fitting.includes(fn) ? fitting : [fn, ...fitting];
  return (
    <>
      <Choice
        label="Show"
        value={fn}
        onChange={(text) => {
          const next = offered.find((one) => one === text) ?? null;
          onChange({ fn: next === usual && info ? null : next });
        }}
        options={offered.map((one) => [
          one,
          fitting.includes(one) ? wordsOf(one, kind) : `${wordsOf(one, kind)} (not of a ${kind})`,
        ])}
      />
      {fn === "quantile" ? (
        <Choice
          label="Quantile"
          value={String(panel.quantile)}
          onChange={(text) => onChange({ quantile: Number(text) })}
          options={[...new Set([...QUANTILES, panel.quantile])]
            .sort((a, b) => a - b)
            .map((one) => [String(one), `p${Number((one * 100).toPrecision(6))}`] as const)}
        />
      ) : null}
    </>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly (readonly [value: string, word: string])[];
}

function Choice({ label, value, onChange, options }: ChoiceProps) {
  const id = useId();
  return (
    <span className="flex items-center gap-1.5">
      <label htmlFor={id} className="text-ink-3">
        {label}
      </label>
      <Select id={id} className="w-auto!" value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([option, word]) => (
          <option key={option} value={option}>
            {word}
          </option>
        ))}
      </Select>
    </span>
  );
}

interface GroupByProps {
  panel: PanelQuery;
  names: readonly string[];
  onChange: QueryFormProps["onChange"];
}

function GroupBy({ panel: { groupBy }, names, onChange }: GroupByProps) {
  const chips = [...new Set([...groupBy, ...names])].slice(0, Math.max(CHIPS, groupBy.length));
  const rest = names.filter((name) => !chips.includes(name));
  const toggle = (name: string) =>
    onChange({
      groupBy: groupBy.includes(name) ? groupBy.filter((one) => one !== name) : [...groupBy, name].slice(-5),
      hidden: [],
    });
  if (chips.length === 0) return null;
  return (
    <fieldset className="flex flex-wrap items-center gap-1.5">
      <legend className="sr-only">A line for each</legend>
      <span aria-hidden="true" className="text-ink-3">
        A line for each
      </span>
      {chips.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={groupBy.includes(name)}
          onClick={() => toggle(name)}
          className={cn(
            "num inline-flex h-7 items-center rounded-md border px-2 text-xs hover:bg-hover",
            groupBy.includes(name) ? "border-line-strong bg-selected text-ink" : "text-ink-2",
          )}
        >
          <VisibleText text={name} />
        </button>
      ))}
      {rest.length > 0 ? (
        <Select
          aria-label="Another label"
          className="w-auto!"
          value=""
          onChange={(event) => event.target.value && toggle(event.target.value)}
        >
          <option value="">more</option>
          {rest.map((name) => (
            <option key={name} value={name}>
              <VisibleText text={name} />
            </option>
          ))}
        </Select>
      ) : null}
    </fieldset>
  );
}

interface FilterRowProps {
  metric: string;
  source: "built-in" | "external" | null;
  filter: Filter;
  names: readonly string[];
  /** null: it is taken away */
  onChange: (filter: Filter | null) => void;
}

function FilterRow({ metric, source, filter, names, onChange }: FilterRowProps) {
  const trpc = useTRPC();
  const id = useId();
  const values = useQuery(
    trpc.metrics.labelValues.queryOptions(
      { metric, label: filter.label, ...(source ? { source } : {}) },
      { enabled: filter.label !== "", staleTime: 60_000 },
    ),
  );
  const offered = names.includes(filter.label) ? names : [filter.label, ...names];
  return (
    <fieldset className="flex items-center rounded-md border">
      <legend className="sr-only">Filter by {filter.label}</legend>
      <Select
        aria-label="Label"
        className="num w-auto! border-0!"
        value={filter.label}
        onChange={(event) => onChange({ ...filter, label: event.target.value, value: "" })}
      >
        {offered.map((name) => (
          <option key={name} value={name}>
            <VisibleText text={name} />
          </option>
        ))}
      </Select>
      <Select
        aria-label="How it is compared"
        className="w-auto! border-0!"
        value={filter.op}
        onChange={(event) =>
          onChange({ ...filter, op: FILTER_OPS.find((op) => op === event.target.value) ?? filter.op })
        }
      >
        {FILTER_OPS.map((op) => (
          <option key={op} value={op}>
            {OP_WORDS[op]}
          </option>
        ))}
      </Select>
      <DraftInput
        aria-label={`Value of ${filter.label}`}
        list={`${id}-values`}
        placeholder="value"
        className="num w-40! border-0!"
        value={filter.value}
        onWritten={(value) => onChange({ ...filter, value })}
      />
      <datalist id={`${id}-values`}>
        {values.data?.values.map((value) => (
          <option key={value} value={value} />
        ))}
      </datalist>
      <Button
        size="sm"
        variant="ghost"
        aria-label={`Without the filter by ${filter.label}`}
        onClick={() => onChange(null)}
      >
        <X />
      </Button>
    </fieldset>
  );
}
