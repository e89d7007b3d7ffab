"use client";

import { Download, Radio, WrapText } from "lucide-react";
import type { ReactNode } from "react";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import { download } from "../../lib/download.ts";
import { formatCount } from "../../lib/format.ts";
import { Button } from "../../ui/button.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import type { LogView } from "../use-log-view.ts";
import { linesCsv, linesJson } from "./line-export.ts";
import type { LineLook } from "./line-row.tsx";

/** What both lists of lines need. */
export interface LinesProps {
  scope: LogView["scope"];
  look: LineLook;
  detail: (line: LogLineView) => ReactNode;
  onWrap: (wrap: boolean) => void;
  onTail: (tail: boolean) => void;
  filtered: boolean;
}

interface LinesToolbarProps extends Pick<LinesProps, "look" | "onWrap" | "onTail"> {
  tailing: boolean;
  /** those that are held, to take along */
  lines: () => readonly LogLineView[];
  count: number;
  children?: ReactNode;
}

/** Follow, wrap, take along. */
export const LinesToolbar = ({ look, onWrap, onTail, tailing, lines, count, children }: LinesToolbarProps) => (
  <>
    {children}
    <Button size="sm" aria-pressed={tailing} onClick={() => onTail(!tailing)} className="aria-pressed:bg-selected">
      <Radio /> Live tail
    </Button>
    <Button
      size="sm"
      aria-pressed={look.wrap}
      aria-label="Wrap long lines"
      title="Wrap long lines"
      onClick={() => onWrap(!look.wrap)}
      className="aria-pressed:bg-selected"
    >
      <WrapText />
    </Button>
    <Menu
      trigger={
        <Button size="sm" disabled={count === 0} aria-label="Take the lines along" title="Take the lines along">
          <Download />
        </Button>
      }
    >
      <MenuItem onSelect={() => download("logs", "csv", linesCsv(lines()))}>CSV of {formatCount(count)}</MenuItem>
      <MenuItem onSelect={() => download("logs", "json", linesJson(lines()))}>JSON of {formatCount(count)}</MenuItem>
    </Menu>
  </>
);
