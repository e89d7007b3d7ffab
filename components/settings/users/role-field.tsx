"use client";

import { ROLES } from "#server/agent/kernel/roles.ts";
import type { UserView } from "#server/auth/schema.ts";
import { Field, Select } from "../../ui/field.tsx";
import { ROLE_MEANING } from "../role-meaning.ts";

interface RoleFieldProps {
  role: UserView["role"];
  onChange: (role: UserView["role"]) => void;
  autoFocus?: boolean;
}

export const RoleField = ({ role, onChange, autoFocus = false }: RoleFieldProps) => (
  <Field label="Role" hint={ROLE_MEANING[role]}>
    {(control) => (
      <Select
        {...control}
        autoFocus={autoFocus}
        value={role}
        onChange={(event) => onChange(event.target.value as UserView["role"])}
      >
        {ROLES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
    )}
  </Field>
);
