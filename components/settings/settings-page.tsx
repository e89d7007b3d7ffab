"use client";

import { parseAsStringLiteral, useQueryState } from "nuqs";
import { Page } from "../layout/page.tsx";
import { useMe } from "../trpc/session.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { AccountPanel } from "./account-panel.tsx";
import { ConfigPanel } from "./config-panel.tsx";
import { TokensPanel } from "./tokens-panel.tsx";
import { UsersPanel } from "./users/users-panel.tsx";

const TABS = [
  { value: "config", label: "Configuration", permission: "settings.read" },
  { value: "tokens", label: "API tokens", permission: "token.write" },
  { value: "users", label: "Users", permission: "user.read" },
  { value: "account", label: "Account", permission: null },
] as const;
type Tab = (typeof TABS)[number]["value"];

/** What may be seen of the configuration, tokens, users, and one's own account; one tab each, in the URL. */
export function SettingsPage() {
  const { permissions } = useMe();
  const tabs = TABS.filter((tab) => tab.permission === null || permissions.includes(tab.permission));
  const [asked, setTab] = useQueryState("tab", parseAsStringLiteral(TABS.map((tab) => tab.value)));
  const tab = asked ?? tabs[0]?.value ?? "account";
  const permitted = tabs.some((one) => one.value === tab);
  return (
    <Page title="Settings">
      <div>
        <Segmented<Tab> label="Settings of" value={tab} onChange={(value) => void setTab(value)} options={tabs} />
      </div>
      {permitted ? (
        <Panel tab={tab} />
      ) : (
        <p className="text-ink-2">
          This part of the settings is not for your role. Ask someone with the role{" "}
          {tab === "config" ? "operator" : "admin"} to look for you.
        </p>
      )}
    </Page>
  );
}

function Panel({ tab }: { tab: Tab }) {
  if (tab === "config") return <ConfigPanel />;
  if (tab === "tokens") return <TokensPanel />;
  if (tab === "users") return <UsersPanel />;
  return <AccountPanel />;
}
