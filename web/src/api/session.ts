import { ApiFault, ApiUnreachable } from "./client";
import { deviceName } from "./device-name";

export type Persona = "VIEWER" | "BASIC" | "EDITOR" | "ABROAD";

/** Signs in as one of the demo's people; the answer sets the session cookie. */
export async function signInAs(persona: Persona): Promise<void> {
  await call("/session/demo", { method: "POST", body: JSON.stringify({ persona, deviceName: deviceName(navigator.userAgent) }) });
}

export async function signOut(): Promise<void> {
  await call("/session", { method: "DELETE" });
}

async function call(path: string, init: RequestInit): Promise<void> {
  const headers = init.body === undefined ? {} : { "content-type": "application/json" };
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch {
    throw new ApiUnreachable("The service did not answer.");
  }
  if (response.ok) return;
  throw new ApiFault("Signing in was refused.", response.status === 404 ? "DEMO_OFF" : `HTTP_${response.status}`);
}
