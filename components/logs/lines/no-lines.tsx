import { EmptyState } from "../../feedback/empty-state.tsx";
import { EnvLink } from "../../layout/env-link.tsx";

/** Nothing to show, and what to do about it. */
export const NoLines = ({ filtered }: { filtered: boolean }) =>
  filtered ? (
    <EmptyState title="No line matches">Search for less, choose another range, or clear all filters.</EmptyState>
  ) : (
    <EmptyState title="No lines in this range">
      Choose a longer range. When nothing has arrived at all, the{" "}
      <EnvLink href="/ingest" className="link">
        ingest page
      </EnvLink>{" "}
      says how to send logs.
    </EmptyState>
  );
