import type { FormEvent, ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { DialogActions, DialogBody } from "../ui/dialog.tsx";
import { ActButton, type ActButtonProps } from "./act-button.tsx";
import { FormError } from "./form-error.tsx";

interface DialogFormProps extends Pick<ActButtonProps, "environment" | "label" | "variant" | "autoFocus" | "disabled"> {
  /** what is sent: its failure is shown, and while it runs nothing is sent again; absent where the opener sends it */
  write?: { isPending: boolean; error: unknown };
  onSubmit: () => void;
  onCancel: () => void;
  /** said by the button while it is sent; default: its label */
  pending?: string;
  cancel?: string;
  /** another way to act, at the far end from the button */
  other?: ReactNode;
  noValidate?: boolean;
  /** what is asked */
  children: ReactNode;
}

/**
 * What a dialog asks and the one button by which it acts, which names the environment. Enter acts. It stands inside a
 * Dialog, so that what was typed is gone when that is opened again.
 */
export function DialogForm(props: DialogFormProps) {
  const {
    write,
    onSubmit,
    onCancel,
    pending,
    cancel = "Cancel",
    other,
    noValidate,
    disabled,
    children,
    ...act
  } = props;
  const sending = write?.isPending ?? false;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!sending) onSubmit();
  };
  return (
    <form onSubmit={submit} noValidate={noValidate}>
      <DialogBody>
        {children}
        {write ? <FormError error={write.error} /> : null}
      </DialogBody>
      <DialogActions>
        {other}
        <Button onClick={onCancel}>{cancel}</Button>
        <ActButton {...act} pending={sending ? (pending ?? null) : null} disabled={sending || disabled} />
      </DialogActions>
    </form>
  );
}
