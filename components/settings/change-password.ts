/** Changes one's own password. Resolves to null when it is changed, else to what to tell the person. */
export async function changePassword(currentPassword: string, newPassword: string): Promise<string | null> {
  let response: Response;
  try {
    response = await fetch("/api/auth/change-password", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ currentPassword, newPassword }),
    });
  } catch {
    return "Operate did not answer, so the password may not have been changed. Try again.";
  }
  if (response.ok) return null;
  const answer: unknown = await response.json().catch(() => null);
  const code = typeof answer === "object" && answer !== null ? Reflect.get(answer, "code") : null;
  if (code === "INVALID_PASSWORD") return "The current password is not right. The password was not changed.";
  const message = typeof answer === "object" && answer !== null ? Reflect.get(answer, "message") : null;
  return typeof message === "string" && message ? message : "The password was not changed. Try again.";
}
