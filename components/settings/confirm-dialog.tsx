"use client";

import type { ReactNode } from "react";
import { DialogForm } from "../feedback/dialog-form.tsx";
import { Dialog } from "../ui/dialog.tsx";

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
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title={title}>
      <DialogForm
        write={mutation}
        onSubmit={onConfirm}
        onCancel={onClose}
        environment={null}
        label={action}
        variant="danger"
        autoFocus
      >
        <p className="text-sm">{children}</p>
      </DialogForm>
    </Dialog>
  );
}
