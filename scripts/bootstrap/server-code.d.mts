export declare const PROCESS_FILES: readonly string[];
export declare function linkOnly(files: readonly string[]): string;
