"use client";

import { Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { useHydrated } from "../feedback/time.tsx";
import { Button } from "../ui/button.tsx";
import { Menu, MenuChoice } from "../ui/menu.tsx";

/** System by default; a choice is kept in this browser. */
export function ThemeMenu() {
  const { theme, setTheme } = useTheme();
  const hydrated = useHydrated();
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label="Colours">
          <Sun className="dark:hidden" />
          <Moon className="hidden dark:block" />
        </Button>
      }
    >
      <MenuChoice
        value={(hydrated ? theme : undefined) ?? "system"}
        onValueChange={setTheme}
        options={[
          { value: "system", label: "As the system" },
          { value: "light", label: "Light" },
          { value: "dark", label: "Dark" },
        ]}
      />
    </Menu>
  );
}
