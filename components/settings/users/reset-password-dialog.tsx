"use client";

import { useState } from "react";
import type { UserView } from "#server/auth/schema.ts";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ConfirmDialog } from "../confirm-dialog.tsx";
import { OneTimePassword } from "../one-time-password.tsx";
import { useUserWrites } from "./use-user-writes.ts";

/** Makes a new one-time password and shows it once. */
export function ResetPasswordDialog({ user, onClose }: { user: UserView; onClose: () => void }) {
  const { resetPassword } = useUserWrites();
  const [revokeTokens, setRevokeTokens] = useState(true);
  const password = resetPassword.data?.oneTimePassword;
  if (password)
    return (
      <Dialog open onOpenChange={(open) => open || onClose()} title={`New password of ${user.name}`}>
        <OneTimePassword name={user.name} email={user.email} password={password} onClose={onClose} />
      </Dialog>
    );
  return (
    <ConfirmDialog
      title={`Reset the password of ${user.name}`}
      action="Reset the password"
      mutation={resetPassword}
      onConfirm={() => resetPassword.mutate({ userId: user.id, revokeTokens })}
      onClose={onClose}
    >
      The present password stops working and <VisibleText text={user.name} /> is signed out everywhere. You get a
      one-time password to hand over.
      <label className="mt-3 flex items-center gap-2">
        <input type="checkbox" checked={revokeTokens} onChange={(event) => setRevokeTokens(event.target.checked)} />
        Also revoke every API token of <VisibleText text={user.name} />
      </label>
    </ConfirmDialog>
  );
}
