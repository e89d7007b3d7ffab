import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { SetupForm } from "./setup-form.tsx";
import { SignInForm } from "./sign-in-form.tsx";

// Enter sends a form only if its button is enabled: what is sent before the scripts run is held, and sent by them
it.each([
  ["set-up", <SetupForm key="set-up" />],
  ["sign-in", <SignInForm key="sign-in" next="/" />],
])("the %s form can be sent before its scripts run", (_, form) => {
  const button = /<button[^>]*type="submit"[^>]*>/.exec(renderToStaticMarkup(form))?.[0];
  expect(button).toBeDefined();
  expect(button).not.toContain('disabled=""');
});
