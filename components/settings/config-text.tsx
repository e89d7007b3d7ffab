import { cn } from "../lib/cn.ts";

interface ConfigTextProps {
  text: string;
  issues: readonly { line: number; message: string }[];
}

/** The file with its line numbers; a line with a problem says it on the line below. */
export function ConfigText({ text, issues }: ConfigTextProps) {
  const lines = text.replace(/\n$/, "").split("\n");
  const width = `${String(lines.length).length + 1}ch`;
  return (
    <section
      aria-label="Text of the configuration"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must be able to reach it
      tabIndex={0}
      className="num max-h-[44rem] overflow-auto py-2 text-xs leading-5"
    >
      <ol className="w-max min-w-full">
        {lines.map((line, index) => {
          const mine = issues.filter((issue) => issue.line === index + 1);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
            <li key={index} id={`line-${index + 1}`} className={cn("px-3", mine.length > 0 && "bg-critical-soft")}>
              <span className="flex gap-4">
                <span aria-hidden="true" className="shrink-0 select-none text-right text-ink-3" style={{ width }}>
                  {index + 1}
                </span>
                <span className={cn("whitespace-pre", /^\s*#/.test(line) && "text-ink-3")}>{line || " "}</span>
              </span>
              {mine.map((issue) => (
                <span key={issue.message} className="block pl-12 text-critical">
                  {issue.message}
                </span>
              ))}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
