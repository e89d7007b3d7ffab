import { VisibleText } from "../feedback/visible-text.tsx";

interface IssueListProps {
  issues: readonly { line: number; column: number; key: string; message: string }[];
  /** what choosing one does: in a text that can be edited, goes to its line */
  onChoose?: (line: number) => void;
}

/** What is wrong, where, in the order of the file. */
export const IssueList = ({ issues, onChoose }: IssueListProps) => (
  <ul className="divide-y border-b">
    {issues.map((issue) => (
      <li key={`${issue.line}-${issue.column}-${issue.message}`} className="flex gap-3 px-3 py-1.5 text-sm">
        {onChoose ? (
          <button type="button" onClick={() => onChoose(issue.line)} className="link num h-fit shrink-0">
            line {issue.line}
          </button>
        ) : (
          <a href={`#line-${issue.line}`} className="link num shrink-0">
            line {issue.line}
          </a>
        )}
        <span className="min-w-0">
          {issue.key ? <code className="num break-all text-ink-2">{issue.key}</code> : null}
          <span className="block whitespace-pre-wrap break-words">
            <VisibleText text={issue.message} />
          </span>
        </span>
      </li>
    ))}
  </ul>
);
