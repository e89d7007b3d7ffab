import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { SetupForm } from "./setup-form.tsx";
import { SignInForm } from "./sign-in-form.tsx";
import { StillWaiting } from "./slow-answer.tsx";

// Enter sends a form only if its button is enabled: what is sent before the scripts run is held, and sent by them
it.each([
  ["set-up", <SetupForm key="set-up" />],
  ["sign-in", <SignInForm key="sign-in" next="/" />],
])("the %s form can be sent before its scripts run", (_, form) => {
  const button = /<button[^>]*type="submit"[^>]*>/.exec(renderToStaticMarkup(form))?.[0];
  expect(button).toBeDefined();
  expect(button).not.toContain('disabled=""');
});

it("a sign-in whose answer is late says how long it waits, and suspects nobody", () => {
  const words = renderToStaticMarkup(<StillWaiting seconds={7} />).replaceAll(/<[^>]*>/g, "");
  expect(words).toMatch(/^Still waiting for the answer\. Operate has not answered for 7 s\. It may be busy;/);
  expect(words).not.toMatch(/others|password|account/i);
});
