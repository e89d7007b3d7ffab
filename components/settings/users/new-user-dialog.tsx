"use client";

import { useState } from "react";
import type { UserView } from "#server/auth/schema.ts";
import { LONGEST_EMAIL, LONGEST_PERSON_NAME } from "#server/auth/words.ts";
import { DialogForm } from "../../feedback/dialog-form.tsx";
import type { RouterOutputs } from "../../trpc/client.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { OneTimePassword } from "../one-time-password.tsx";
import { RoleField } from "./role-field.tsx";
import { useUserWrites } from "./use-user-writes.ts";

type Created = RouterOutputs["users"]["create"];

/** Creates a user with a one-time password that is shown once. */
export function NewUserDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const [created, setCreated] = useState<Created | null>(null);
  const close = () => {
    onOpenChange(false);
    setCreated(null);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => (next ? onOpenChange(true) : close())}
      title={created ? `${created.user.name} can sign in` : "New user"}
      description={created ? undefined : "They get a one-time password, which you hand over."}
    >
      {created ? (
        <OneTimePassword
          name={created.user.name}
          email={created.user.email}
          password={created.oneTimePassword ?? ""}
          onClose={close}
        />
      ) : (
        <NewUserForm onCreated={setCreated} onClose={close} />
      )}
    </Dialog>
  );
}

function NewUserForm({ onCreated, onClose }: { onCreated: (created: Created) => void; onClose: () => void }) {
  const { create } = useUserWrites();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<UserView["role"]>("viewer");
  const [tried, setTried] = useState(false);
  const badEmail = !/^\S+@\S+\.\S+$/.test(email.trim());
  const onSubmit = () => {
    setTried(true);
    if (!name.trim() || badEmail) return;
    create.mutate({ name: name.trim(), email: email.trim(), role }, { onSuccess: onCreated });
  };
  return (
    <DialogForm
      write={create}
      onSubmit={onSubmit}
      onCancel={onClose}
      environment={null}
      label="Create the user"
      pending="Creating…"
      noValidate
    >
      <Field
        label="Name"
        hint="as the timeline and the audit log show it"
        error={tried && !name.trim() ? "A name is needed." : null}
      >
        {(control) => (
          <Input
            {...control}
            autoFocus
            autoComplete="off"
            value={name}
            maxLength={LONGEST_PERSON_NAME}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field
        label="E-mail"
        hint="they sign in with it; nothing is sent there"
        error={tried && badEmail ? "An e-mail address is needed, as ada@example.com." : null}
      >
        {(control) => (
          <Input
            {...control}
            type="email"
            autoComplete="off"
            value={email}
            maxLength={LONGEST_EMAIL}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
      </Field>
      <RoleField role={role} onChange={setRole} />
    </DialogForm>
  );
}
