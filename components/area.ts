import type { Page } from "./layout/navigation.ts";
import type { AreaLiveRules } from "./trpc/invalidation.ts";

/**
 * What an area of the console brings along; `areas.ts` lists them. It is in the first load of every page: strings and
 * icons, and nothing heavy. Entries of the palette come later and are in `area-palette.tsx`.
 */
export interface Area extends AreaLiveRules {
  /** in navigation, in the order of the rail */
  pages: readonly Page[];
}
