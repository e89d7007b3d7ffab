"use client";

import { type FormEvent, useState } from "react";
import type { UserView } from "#server/auth/schema.ts";
import { ActButton } from "../feedback/act-button.tsx";
import { FormError } from "../feedback/form-error.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../ui/dialog.tsx";
import { RoleField } from "./role-field.tsx";
import { useUserWrites } from "./use-user-writes.ts";

export function RoleDialog({ user, onClose }: { user: UserView; onClose: () => void }) {
  const { setRole } = useUserWrites();
  const [role, choose] = useState(user.role);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (role === user.role) onClose();
    else if (!setRole.isPending) setRole.mutate({ userId: user.id, role }, { onSuccess: onClose });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={`Role of ${user.name}`}
      description={`${user.role} now. It counts from their next request on, for their API tokens too.`}
    >
      <form onSubmit={onSubmit}>
        <DialogBody>
          <RoleField autoFocus role={role} onChange={choose} />
          <FormError error={setRole.error} />
        </DialogBody>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <ActButton
            environment={null}
            label={role === user.role ? "Choose another role" : `Make ${user.name} ${role}`}
            disabled={setRole.isPending || role === user.role}
          />
        </DialogActions>
      </form>
    </Dialog>
  );
}
