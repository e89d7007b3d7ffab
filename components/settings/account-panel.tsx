"use client";

import { Facts, Section } from "../layout/page.tsx";
import { useMe } from "../trpc/session.tsx";
import { PasswordForm } from "./password-form.tsx";
import { ROLE_MEANING } from "./role-meaning.ts";

/** Who one is here, and one's own password. */
export function AccountPanel() {
  const me = useMe();
  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <Section title="You">
        <div className="p-3">
          <Facts
            items={[
              { label: "Name", value: me.name },
              { label: "E-mail", value: me.email ?? "none" },
              { label: "Role", value: `${me.role}: ${ROLE_MEANING[me.role]}` },
            ]}
          />
        </div>
      </Section>
      <Section title="Change the password" note="other sessions of yours are signed out">
        <PasswordForm />
      </Section>
    </div>
  );
}
