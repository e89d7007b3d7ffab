import { EmptyState } from "../feedback/empty-state.tsx";
import { PlainLink } from "../layout/env-link.tsx";
import { Page } from "../layout/page.tsx";
import { buttonClass } from "../ui/button.tsx";

/** For an address that names no service: says so, and leads to those that there are in all environments. */
export const NoService = ({ service, message }: { service: string; message: string }) => (
  <Page title={service}>
    <EmptyState
      title={`There is no service ${service}`}
      action={
        <PlainLink className={buttonClass()} href="/services">
          All services
        </PlainLink>
      }
    >
      {message}
    </EmptyState>
  </Page>
);
