"use client";

import { useState } from "react";
import type { UserView } from "#server/auth/schema.ts";
import { DialogForm } from "../../feedback/dialog-form.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { RoleField } from "./role-field.tsx";
import { useUserWrites } from "./use-user-writes.ts";

export function RoleDialog({ user, onClose }: { user: UserView; onClose: () => void }) {
  const { setRole } = useUserWrites();
  const [role, choose] = useState(user.role);
  const onSubmit = () => {
    if (role === user.role) onClose();
    else setRole.mutate({ userId: user.id, role }, { onSuccess: onClose });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={`Role of ${user.name}`}
      description={`${user.role} now. It counts from their next request on, for their API tokens too.`}
    >
      <DialogForm
        write={setRole}
        onSubmit={onSubmit}
        onCancel={onClose}
        environment={null}
        label={role === user.role ? "Choose another role" : `Make ${user.name} ${role}`}
        disabled={role === user.role}
      >
        <RoleField autoFocus role={role} onChange={choose} />
      </DialogForm>
    </Dialog>
  );
}
