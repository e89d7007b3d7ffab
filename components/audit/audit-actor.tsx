import { Bot, Cog, KeyRound, type LucideIcon, User } from "lucide-react";
import { VisibleText } from "../feedback/visible-text.tsx";
import type { AuditEntryView } from "./entry.ts";

type Kind = AuditEntryView["actor"]["kind"];

const KIND: Record<Kind, { icon: LucideIcon; word: string }> = {
  person: { icon: User, word: "person" },
  token: { icon: KeyRound, word: "API token" },
  agent: { icon: Bot, word: "agent" },
  job: { icon: Cog, word: "Operate, a job" },
  system: { icon: Cog, word: "Operate" },
};

export const actorWord = (kind: Kind): string => KIND[kind].word;

/** Who did it, with a shape for what kind of actor that is. */
export function AuditActor({ actor }: { actor: AuditEntryView["actor"] }) {
  const { icon: Icon, word } = KIND[actor.kind];
  return (
    <span className="flex min-w-0 items-center gap-1.5" title={`${word}, ${actor.id}`}>
      <Icon className="size-3.5 shrink-0 text-ink-3" aria-hidden="true" />
      <span className="truncate">
        <span className="sr-only">{word} </span>
        <VisibleText text={actor.name} />
      </span>
    </span>
  );
}
