"use client";

import { ChevronDown } from "lucide-react";
import { usePathname } from "next/navigation";
import { cn } from "../lib/cn.ts";
import { useEnvironment } from "../lib/environment.tsx";
import { EnvironmentName, useEnvironmentControl } from "../marks/environment.tsx";
import { Menu, MenuChoice, MenuLabel } from "../ui/menu.tsx";

const ALL = "";

/** Always visible; heavier while what happens here happens to customers. */
export function EnvironmentSwitch({ environments }: { environments: readonly string[] }) {
  const { environment, setEnvironment } = useEnvironment();
  const look = useEnvironmentControl(environment);
  const oneService = /^\/services\/./.test(usePathname());
  const known = environment && !environments.includes(environment) ? [environment, ...environments] : environments;
  const options = known.map((name) => ({ value: name, label: <EnvironmentName name={name} /> }));
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          className={cn("flex h-8 min-w-0 items-center gap-1.5 rounded-md px-2.5 font-medium text-sm", look)}
        >
          <span className="sr-only">Environment: </span>
          <span className="truncate">{environment ?? (oneService ? "any environment" : "all environments")}</span>
          <ChevronDown className="size-4 shrink-0" aria-hidden="true" />
        </button>
      }
    >
      <MenuLabel>Environment</MenuLabel>
      <MenuChoice
        value={environment ?? ALL}
        onValueChange={(value) => setEnvironment(value || null)}
        options={oneService ? options : [{ value: ALL, label: "all environments" }, ...options]}
      />
    </Menu>
  );
}
