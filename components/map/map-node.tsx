import { Globe } from "lucide-react";
import { isFailing } from "#server/agent/telemetry/failed-share.ts";
import { cn } from "../lib/cn.ts";
import { HealthMark } from "../marks/health-mark.tsx";
import { Figures } from "./figures.tsx";
import type { MapNode as Node } from "./prepare/edges.ts";
import type { NodeSize, Point } from "./prepare/layout.ts";

interface MapNodeProps {
  node: Node;
  at: Point;
  size: NodeSize;
  scale: number;
  chosen: boolean;
  /** it has nothing to do with the chosen one */
  faint: boolean;
  onChoose: () => void;
  onFocus: () => void;
}

/** below this the figures could not be read: the name stands alone, and larger */
const FIGURES_FROM = 0.72;
const NAME_PX = 13;
const LARGEST_PX = 26;

/**
 * One service, or something outside that is called. Smaller than it reads, it shows its name only. Long figures take
 * more lines, for which it grows into the gap around it.
 */
export function MapNode({ node, at, size, scale, chosen, faint, onChoose, onFocus }: MapNodeProps) {
  const brief = scale < FIGURES_FROM;
  const external = node.kind === "external";
  const fontSize = brief ? Math.min(LARGEST_PX, NAME_PX / scale, largestFor(node.label, size)) : NAME_PX;
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={onChoose}
      onFocus={onFocus}
      title={node.label}
      className={cn(
        "absolute flex -translate-y-1/2 flex-col justify-center border bg-surface px-2.5 text-left hover:border-ink-3",
        external ? "rounded-full border-line-strong border-dashed bg-page px-4" : "rounded-md border-line-strong",
        node.health === "down" && "border-critical bg-critical-soft",
        node.health === "degraded" && "border-warning bg-warning-soft",
        chosen && "outline-2 outline-accent outline-offset-2",
        faint && "border-line! bg-page! **:text-ink-3!",
      )}
      style={{ left: at.x - size.width / 2, top: at.y, width: size.width, minHeight: size.height }}
    >
      <span className="flex min-w-0 items-center gap-1.5">
        {node.health ? (
          <HealthMark state={node.health} bare {...(brief ? { className: "scale-150 px-1" } : {})} />
        ) : null}
        {external ? <Globe className="size-3.5 shrink-0 text-ink-3" aria-label="external" /> : null}
        <span
          className={cn("min-w-0 truncate font-medium leading-tight", brief && isFailing(node) && "text-critical")}
          style={{ fontSize }}
        >
          {node.label}
        </span>
      </span>
      {brief ? (
        <span className="sr-only">{node.kind}</span>
      ) : (
        <Figures part={node} className="text-ink-2 text-xs">
          {node.version ? (
            <span className="num inline-block max-w-full truncate align-bottom text-ink-3" title={node.version}>
              {node.version}
            </span>
          ) : null}
        </Figures>
      )}
    </button>
  );
}

/** px at which a name still fits beside its mark; a letter is about 0.56 of its size wide. */
const largestFor = (label: string, { width }: NodeSize): number =>
  Math.max(NAME_PX, (width - 52) / (label.length * 0.56));
