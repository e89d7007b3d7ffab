"use client";

import { VisibleText } from "../feedback/visible-text.tsx";
import { Button } from "../ui/button.tsx";
import { DialogActions, DialogBody } from "../ui/dialog.tsx";
import { CopyText } from "./copy-text.tsx";

/** The password that was made, shown this once. */
export const OneTimePassword = ({
  name,
  email,
  password,
  onClose,
}: {
  name: string;
  email: string;
  password: string;
  onClose: () => void;
}) => (
  <>
    <DialogBody>
      <CopyText label={`One-time password of ${email}`} text={password} />
      <p className="text-ink-2 text-sm">
        Hand it over on a way you trust. It cannot be shown again; <VisibleText text={name} /> is asked to change it
        after signing in.
      </p>
    </DialogBody>
    <DialogActions>
      <Button variant="primary" onClick={onClose}>
        I have copied it
      </Button>
    </DialogActions>
  </>
);
