"use client";

import type { Role } from "#server/agent/kernel/permissions.ts";
import { ROLES } from "../marks/vocabulary.ts";
import { Field, Select } from "../ui/field.tsx";
import { ROLE_MEANING } from "./role-meaning.ts";

export const RoleField = ({ role, onChange }: { role: Role; onChange: (role: Role) => void }) => (
  <Field label="Role" hint={ROLE_MEANING[role]}>
    {(control) => (
      <Select {...control} value={role} onChange={(event) => onChange(event.target.value as Role)}>
        {ROLES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
    )}
  </Field>
);
