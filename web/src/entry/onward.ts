import type { Method, SecondFactor } from "../api/entry";

const authorization = "/oauth/authorize?";

/** Where an app was sending somebody who has to sign in first; nowhere else is gone to from here. */
export function onwardTo(query: URLSearchParams): string | undefined {
  const next = query.get("next") ?? "";
  return next.startsWith(authorization) ? next : undefined;
}

/** Goes there, which is a door of the server and none of this page's addresses. False when there is nowhere to go on to. */
export function goOnward(): boolean {
  const next = onwardTo(new URLSearchParams(location.search));
  if (next !== undefined) location.replace(next);
  return next !== undefined;
}

/** The second factor that is still asked of somebody who came back from an outside provider. */
export function askedAfterProvider(fragment: string): SecondFactor | undefined {
  const brought = new URLSearchParams(fragment.replace(/^#/, ""));
  const challenge = brought.get("challenge");
  const methods = (brought.get("methods") ?? "").split(",").filter(isMethod);
  return challenge === null || methods.length === 0 ? undefined : { challenge, methods };
}

function isMethod(name: string): name is Method {
  return name === "TOTP" || name === "PASSKEY" || name === "RECOVERY_CODE";
}
