"use client";

import type { FormEvent, ReactNode } from "react";
import { ActButton } from "../feedback/act-button.tsx";
import { FormError } from "../feedback/form-error.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../ui/dialog.tsx";

interface ConfirmDialogProps {
  title: string;
  /** what the button does, as in "Revoke deploy bot" */
  action: string;
  mutation: { isPending: boolean; error: unknown };
  onConfirm: () => void;
  onClose: () => void;
  /** what it means, and whether it can be undone */
  children: ReactNode;
}

/** Asks before something that others feel. Enter confirms, Esc leaves. */
export function ConfirmDialog({ title, action, mutation, onConfirm, onClose, children }: ConfirmDialogProps) {
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!mutation.isPending) onConfirm();
  };
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title={title}>
      <form onSubmit={onSubmit}>
        <DialogBody>
          <p className="text-sm">{children}</p>
          <FormError error={mutation.error} />
        </DialogBody>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <ActButton environment={null} label={action} variant="danger" autoFocus disabled={mutation.isPending} />
        </DialogActions>
      </form>
    </Dialog>
  );
}
