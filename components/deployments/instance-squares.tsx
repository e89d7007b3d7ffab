import { cn } from "../lib/cn.ts";

interface Instance {
  id: string;
  version: string;
  state: string;
}

/** One square an instance: filled on the new version, outlined on another, dashed while it does not serve. */
export function InstanceSquares({
  instances,
  version,
  wanted,
}: {
  instances: readonly Instance[];
  version: string;
  wanted: number;
}) {
  const fresh = instances.filter((one) => one.version === version);
  const old = instances.filter((one) => one.version !== version);
  const missing = Math.max(0, wanted - instances.length);
  return (
    <div className="flex flex-col gap-2">
      <ul aria-label="Instances" className="flex min-h-6 flex-wrap gap-1">
        {[...fresh, ...old].map((one) => (
          <li key={one.id} title={`${one.id}: ${one.version}, ${one.state}`}>
            <span className="sr-only">
              {one.version}, {one.state}
            </span>
            <span aria-hidden="true" className={cn("block size-6 rounded-sm border-2", look(one, version))} />
          </li>
        ))}
        {Array.from({ length: missing }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: empty places are alike
          <li key={index} title="no instance yet">
            <span className="sr-only">no instance yet</span>
            <span aria-hidden="true" className="block size-6 rounded-sm border border-line-strong border-dotted" />
          </li>
        ))}
      </ul>
      <p aria-hidden="true" className="flex flex-wrap gap-x-4 gap-y-1 text-ink-3 text-xs">
        <Legend className="border-accent bg-accent">on {version}</Legend>
        {old.length > 0 ? <Legend className="border-ink-3">on another version</Legend> : null}
        <Legend className="border-ink-3 border-dashed">does not serve</Legend>
      </p>
    </div>
  );
}

const look = (one: Instance, version: string): string => {
  const ready = one.state === "ready";
  if (one.version === version) return ready ? "border-accent bg-accent" : "border-accent border-dashed bg-accent-soft";
  return ready ? "border-ink-3 bg-sunken" : "border-ink-3 border-dashed";
};

const Legend = ({ className, children }: { className: string; children: React.ReactNode }) => (
  <span className="inline-flex items-center gap-1.5">
    <span className={cn("size-3 rounded-sm border-2", className)} />
    <span>{children}</span>
  </span>
);
