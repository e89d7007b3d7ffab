import { ExternalLink } from "lucide-react";
import { consoleLink } from "../console-link.ts";

/**
 * The address as any program reaches it, to copy: outside browsers few resolve names below localhost. The link beside
 * it leads to such a name, for the cookies' sake.
 */
export const ServiceAddress = ({ service, url }: { service: string; url: string }) => (
  <span className="inline-flex items-center gap-1.5">
    <span className="num select-all">{url}</span>
    <a href={consoleLink(service, url)} className="link inline-flex items-center" target="_blank" rel="noreferrer">
      <ExternalLink className="size-3" role="img" aria-label={`Open ${service} in a new tab`} />
    </a>
  </span>
);
