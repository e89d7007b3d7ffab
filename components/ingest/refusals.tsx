import type { RefusalView } from "#server/agent/ingest/schema.ts";
import { Mark } from "../feedback/mark.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { LineText } from "../logs/lines/line-text.tsx";
import { protocolWords, recordCount } from "./ingest-words.ts";

/** What was not stored and why, newest first: the reason says what the sender can do. */
export const Refusals = ({ refusals }: { refusals: readonly RefusalView[] }) => (
  <ul className="divide-y">
    {refusals.map((refusal) => (
      <li
        key={`${refusal.signal} ${refusal.protocol} ${refusal.sender} ${refusal.reason}`}
        className="grid gap-x-4 gap-y-1 px-3 py-2 text-sm md:grid-cols-[11rem_minmax(0,1fr)_auto]"
      >
        <div>
          <Mark tone="warning">{recordCount(refusal.count, refusal.signal)}</Mark>
          <p className="break-words text-ink-3 text-xs">
            {refusal.sender}, {protocolWords(refusal.protocol)}
          </p>
        </div>
        <div className="min-w-0">
          <p className="break-words">
            <VisibleText text={refusal.reason} />
          </p>
          {refusal.example ? (
            <p className="mt-0.5 text-ink-2 text-xs">
              as in <LineText body={refusal.example} mark={null} wrap longest={200} />
            </p>
          ) : null}
        </div>
        <p className="whitespace-nowrap text-ink-3 text-xs">
          last <Time at={refusal.lastAt} />, since <Time at={refusal.firstAt} />
        </p>
      </li>
    ))}
  </ul>
);
