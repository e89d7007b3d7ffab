"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Role } from "#server/agent/kernel/roles.ts";
import { TOKEN_ROLES } from "#server/agent/kernel/roles.ts";
import { LONGEST_TOKEN_NAME } from "#server/auth/words.ts";
import { DialogForm } from "../feedback/dialog-form.tsx";
import { formatAbsolute } from "../lib/format.ts";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { useCan, useMe } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../ui/dialog.tsx";
import { Field, Input, Select } from "../ui/field.tsx";
import { CopyText } from "./copy-text.tsx";
import { mcpClientConfig } from "./mcp-client-config.ts";
import { ROLE_MEANING } from "./role-meaning.ts";
import { senderConfig } from "./sender-config.ts";

type Created = RouterOutputs["tokens"]["create"];

/** Makes a token and shows it this once, ready to be pasted into an agent. */
export function NewTokenDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const [created, setCreated] = useState<Created | null>(null);
  const close = () => {
    onOpenChange(false);
    setCreated(null);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => (next ? onOpenChange(true) : close())}
      title={created ? `${created.token.name} is made` : "New API token"}
      description={
        created
          ? "Copy it now: it is not stored and cannot be shown again."
          : "For an agent over MCP, a program, or a sender of telemetry."
      }
      className="max-w-2xl"
    >
      {created ? <Made created={created} onClose={close} /> : <NewTokenForm onMade={setCreated} onClose={close} />}
    </Dialog>
  );
}

const LENGTHS = [
  [7, "a week"],
  [30, "30 days"],
  [90, "90 days"],
  [365, "a year"],
] as const;

function NewTokenForm({ onMade, onClose }: { onMade: (created: Created) => void; onClose: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const me = useMe();
  const mayIngest = useCan("ingest.write");
  const roles = TOKEN_ROLES.slice(mayIngest ? 0 : 1, TOKEN_ROLES.indexOf(me.role) + 1);
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState(30);
  const [services, setServices] = useState("");
  const [missing, setMissing] = useState(false);
  const create = useMutation(
    trpc.tokens.create.mutationOptions({
      onSuccess: onMade,
      onSettled: () => queryClient.invalidateQueries(trpc.tokens.pathFilter()),
    }),
  );
  const onSubmit = () => {
    setMissing(!name.trim());
    if (name.trim())
      create.mutate({
        ...{ name: name.trim(), role, expiresInDays: days },
        services: role === "ingest" ? namesIn(services) : [],
      });
  };
  return (
    <DialogForm
      write={create}
      onSubmit={onSubmit}
      onCancel={onClose}
      environment={null}
      label="Make the token"
      pending="Making it…"
    >
      <Field
        label="Name"
        hint="the audit log shows what it does under this name, as in: review agent"
        error={missing ? "Say what it is for." : null}
      >
        {(control) => (
          <Input
            {...control}
            autoFocus
            value={name}
            maxLength={LONGEST_TOKEN_NAME}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="May at most" hint={`${ROLE_MEANING[role]}; never more than you yourself may`}>
          {(control) => (
            <Select {...control} value={role} onChange={(event) => setRole(event.target.value as Role)}>
              {roles.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Valid for" hint="it can be revoked at any time">
          {(control) => (
            <Select {...control} value={days} onChange={(event) => setDays(Number(event.target.value))}>
              {LENGTHS.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      {role === "ingest" ? (
        <Field
          label="Writes for"
          hint="names of services with commas between them, as in: checkout, payments; what else it claims to be is marked and kept under the first. Empty: any service"
        >
          {(control) => <Input {...control} value={services} onChange={(event) => setServices(event.target.value)} />}
        </Field>
      ) : null}
    </DialogForm>
  );
}

const namesIn = (text: string): string[] =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

function Made({ created: { token, secret }, onClose }: { created: Created; onClose: () => void }) {
  return (
    <>
      <DialogBody>
        <CopyText label="Token" text={secret} />
        {token.role === "ingest" ? (
          <CopyText label="For an OpenTelemetry SDK" text={senderConfig(window.location.origin, secret)} />
        ) : (
          <CopyText
            label="For an MCP client (streamable HTTP)"
            text={mcpClientConfig(window.location.origin, secret)}
          />
        )}
        <p className="text-ink-2 text-sm">
          Programs send it as the header <code className="num">Authorization: Bearer …</code>. It may do what the role{" "}
          {token.role} may, until <span className="num">{formatAbsolute(new Date(token.expiresAt))}</span>.
        </p>
      </DialogBody>
      <DialogActions>
        <Button variant="primary" onClick={onClose}>
          I have copied it
        </Button>
      </DialogActions>
    </>
  );
}
