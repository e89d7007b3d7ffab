import type { HealthTargetView } from "#server/agent/health/schema.ts";
import { Time } from "../feedback/time.tsx";
import { Badge } from "../ui/badge.tsx";
import { Tooltip } from "../ui/tooltip.tsx";

/** What else is to be known of a target besides its state. */
export const TargetBadges = ({ target }: { target: HealthTargetView }) => (
  <>
    {target.flapping ? (
      <Tooltip content={target.flappingReason ?? "It changed its state too often."}>
        <button type="button" className="relative z-1 cursor-help rounded-sm">
          <Badge tone="warning">flapping</Badge>
        </button>
      </Tooltip>
    ) : null}
    {target.maintenanceUntil ? (
      <Badge tone="maintenance">
        maintenance, ends <Time at={target.maintenanceUntil} />
      </Badge>
    ) : null}
    {target.muted ? <Badge>muted</Badge> : null}
  </>
);
