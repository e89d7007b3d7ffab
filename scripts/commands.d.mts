export declare const BENCHMARKS: Record<string, { options: Record<string, unknown> }>;
