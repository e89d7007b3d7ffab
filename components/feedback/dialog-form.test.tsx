import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { DialogForm } from "./dialog-form.tsx";

const nothing = () => undefined;
const asked = { onSubmit: nothing, onCancel: nothing, environment: "staging", label: "Lock checkout", children: "Why" };
const html = (more: object) => renderToStaticMarkup(<DialogForm {...asked} {...more} />);
const submit = /<button[^>]*type="submit"[^>]*>([^<]*)<\/button>/;

it("acts by one button, which names the environment", () => {
  const form = html({ write: { isPending: false, error: null } });
  expect(submit.exec(form)?.[1]).toBe("Lock checkout in staging");
  expect(form.match(/type="submit"/g)).toHaveLength(1);
  expect(submit.exec(form)?.[0]).not.toContain("disabled=");
  expect(form).toContain(">Cancel</button>");
});

it.each([
  ["while it is sent, and says so", { write: { isPending: true, error: null }, pending: "Locking…" }, "Locking…"],
  ["while it is sent, under its own label", { write: { isPending: true, error: null } }, "Lock checkout in staging"],
  ["before it can be sent", { disabled: true }, "Lock checkout in staging"],
])("does not act %s", (_, more, text) => {
  const [button, label] = submit.exec(html(more)) ?? [];
  expect(label).toBe(text);
  expect(button).toContain("disabled=");
});

it("says why it was refused", () => {
  const form = html({ write: { isPending: false, error: new Error("no answer") }, cancel: "Leave it" });
  expect(form).toMatch(/role="alert"[^>]*>.*Operate did not answer\./);
  expect(form).toContain(">Leave it</button>");
});
