"use client";

import { ChevronRight } from "lucide-react";
import type { PatternView } from "#server/agent/logs/schema.ts";
import { Sparkline } from "../../charts/sparkline.tsx";
import { type Column, RowButton } from "../../data-table/data-table.tsx";
import { Time } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { cn } from "../../lib/cn.ts";
import { formatCount, formatNumber } from "../../lib/format.ts";
import { TAG_LOOK } from "../../marks/telemetry-states.ts";
import { Badge } from "../../ui/badge.tsx";
import { LevelMark } from "../lines/level-mark.tsx";
import { changeBase, changeRatio, changeWords, shareWords } from "./pattern-change.ts";
import { Template } from "./template.tsx";

/** Columns of the pattern table; a click on a row opens it below itself. */
export function patternColumns(open: string | null, onOpen: (id: string | null) => void): Column<PatternView>[] {
  return [
    {
      id: "pattern",
      header: "Pattern",
      className: "w-full max-w-0",
      sort: (pattern) => pattern.name ?? pattern.template,
      csv: (pattern) => pattern.template,
      more: [
        { name: "Name", csv: (pattern) => pattern.name },
        { name: "Level", csv: (pattern) => pattern.level },
        { name: "Tags", csv: (pattern) => pattern.tags.map((tag) => TAG_LOOK[tag].word).join(", ") },
      ],
      cell: (pattern) => {
        const expanded = pattern.id === open;
        return (
          <div className="flex min-w-0 items-center gap-2">
            <RowButton
              expanded={expanded}
              onClick={() => onOpen(expanded ? null : pattern.id)}
              className="flex min-w-0 flex-1 items-center gap-2 font-normal no-underline! hover:no-underline"
            >
              <ChevronRight
                aria-hidden="true"
                className={cn("size-4 shrink-0 text-ink-3 transition-transform", expanded && "rotate-90")}
              />
              <LevelMark level={pattern.level} bare />
              <span className="min-w-0 truncate">
                {pattern.name ? (
                  <span className="font-medium">
                    <VisibleText text={pattern.name} />{" "}
                  </span>
                ) : null}
                <span className={pattern.name ? "text-ink-3" : undefined}>
                  <Template text={pattern.template} />
                </span>
              </span>
            </RowButton>
            <span className="flex shrink-0 gap-1">
              {pattern.tags.map((tag) => (
                <Badge key={tag} tone={TAG_LOOK[tag].tone}>
                  {TAG_LOOK[tag].word}
                </Badge>
              ))}
              {pattern.alert ? <Badge tone="accent">alert</Badge> : null}
            </span>
          </div>
        );
      },
    },
    {
      id: "services",
      header: "Services",
      hideBelow: "xl",
      className: "whitespace-nowrap text-ink-2",
      csv: ({ services }) => services.join(", "),
      cell: ({ services }) => (
        <span title={services.join(", ")}>
          {services.slice(0, 2).join(", ")}
          {services.length > 2 ? ` +${services.length - 2}` : ""}
        </span>
      ),
    },
    {
      id: "trend",
      header: "Trend",
      hideBelow: "md",
      cell: (pattern) => (
        <Sparkline values={pattern.trend} label={`most in one step: ${formatCount(Math.max(0, ...pattern.trend))}`} />
      ),
    },
    {
      id: "count",
      header: "Lines",
      numeric: true,
      sort: (pattern) => pattern.count,
      cell: (pattern) => <span title={formatCount(pattern.count)}>{formatNumber(pattern.count)}</span>,
    },
    {
      id: "share",
      header: "Share",
      numeric: true,
      hideBelow: "sm",
      unit: "%",
      sort: (pattern) => pattern.share,
      csv: (pattern) => pattern.share * 100,
      cell: (pattern) => shareWords(pattern.share),
    },
    {
      id: "change",
      header: "Change",
      numeric: true,
      hideBelow: "sm",
      unit: "times",
      sort: changeRatio,
      csv: (pattern) => (pattern.before ? pattern.count / pattern.before : null),
      more: [{ name: "Lines before", csv: (pattern) => pattern.before }],
      cell: (pattern) => (
        <span title={changeBase(pattern)} className={pattern.before === null ? "text-ink-3" : undefined}>
          {changeWords(pattern)}
        </span>
      ),
    },
    {
      id: "last",
      header: "Last seen",
      hideBelow: "lg",
      className: "whitespace-nowrap",
      sort: (pattern) => pattern.lastSeenAt,
      cell: (pattern) => <Time at={pattern.lastSeenAt} className="text-ink-2 text-xs" />,
    },
  ];
}
