import { ApiFault, ApiUnreachable } from "./client";

/** A device that waits to be let in. `allows` says in sentences what it may do then. */
export interface ActivationRequest {
  readonly userCode: string;
  readonly client: { readonly name: string };
  readonly allows: ReadonlyArray<string>;
  /** False when the device is somewhere else than this browser: perhaps a stranger's. */
  readonly isSameNetwork: boolean;
}

export async function lookUpDevice(userCode: string): Promise<ActivationRequest> {
  return (await (await ask("lookup", userCode)).json()) as ActivationRequest;
}

export async function answerDevice(userCode: string, isAllowed: boolean): Promise<void> {
  await ask(isAllowed ? "approve" : "deny", userCode);
}

async function ask(door: string, userCode: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/oauth/device/${door}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ userCode }),
      credentials: "same-origin",
    });
  } catch {
    throw new ApiUnreachable("The service did not answer.");
  }
  if (response.ok) return response;
  const refused = (await response.json().catch(() => ({}))) as { readonly code?: string; readonly message?: string };
  throw new ApiFault(refused.message ?? "The device could not be connected.", refused.code ?? `HTTP_${response.status}`);
}
