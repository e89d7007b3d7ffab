"use client";

import type { UserView } from "#server/auth/schema.ts";
import { ConfirmDialog } from "../confirm-dialog.tsx";
import { useUserWrites } from "./use-user-writes.ts";

interface UserDialogProps {
  user: UserView;
  onClose: () => void;
}

export function DisableDialog({ user, onClose }: UserDialogProps) {
  const { setDisabled } = useUserWrites();
  return (
    <ConfirmDialog
      title={`Disable ${user.name}`}
      action={`Disable ${user.name}`}
      mutation={setDisabled}
      onConfirm={() => setDisabled.mutate({ userId: user.id, disabled: true }, { onSuccess: onClose })}
      onClose={onClose}
    >
      They are signed out everywhere at once, and their API tokens are refused. What they did stays in the audit log.
      They can be enabled again.
    </ConfirmDialog>
  );
}

export function EnableDialog({ user, onClose }: UserDialogProps) {
  const { setDisabled } = useUserWrites();
  return (
    <ConfirmDialog
      title={`Enable ${user.name}`}
      action={`Enable ${user.name}`}
      mutation={setDisabled}
      onConfirm={() => setDisabled.mutate({ userId: user.id, disabled: false }, { onSuccess: onClose })}
      onClose={onClose}
    >
      They can sign in again as {user.role}, and their API tokens that have not expired work again.
    </ConfirmDialog>
  );
}
