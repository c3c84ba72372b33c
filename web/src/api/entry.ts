import { ApiFault, ApiUnreachable } from "./client";
import { deviceName } from "./device-name";

export type Method = "TOTP" | "PASSKEY" | "RECOVERY_CODE";

/** What somebody is asked for after the first factor. `challenge` is what to come back with. */
export interface SecondFactor {
  readonly challenge: string;
  readonly methods: ReadonlyArray<Method>;
}

/** What a door of signing in answers: in, or what is still missing. */
export type Outcome =
  /** `mustEnrol`: their roles wait for a second factor. */
  | { readonly kind: "in"; readonly mustEnrol: boolean }
  | { readonly kind: "second-factor"; readonly asked: SecondFactor }
  | { readonly kind: "email-changed" };

export interface SignUp {
  readonly email: string;
  readonly password: string;
  readonly displayName: string;
  readonly territory: string;
  readonly language: string;
}

export function signInWithPassword(email: string, password: string): Promise<Outcome> {
  return enter("password", { email, password });
}

/** Always answers alike, whether or not the address is known: a mail says how it goes on. */
export async function signUp(given: SignUp): Promise<void> {
  await post("sign-up", given);
}

/** Follows a link to /verify. `password` is needed in another browser than the one that signed up. */
export function verify(token: string, password?: string): Promise<Outcome> {
  return enter("verify", password === undefined ? { token } : { token, password });
}

/** Always answers alike, whether or not the address is known. */
export async function forgot(email: string): Promise<void> {
  await post("forgot", { email });
}

export function reset(token: string, password: string): Promise<Outcome> {
  return enter("reset", { token, password });
}

export function passSecondFactor(challenge: string, proof: { readonly code: string } | { readonly recoveryCode: string }): Promise<Outcome> {
  return enter("second-factor", { challenge, ...proof });
}

/** Whether this house lets anybody in as one of the demo's people. */
export async function hasDemo(): Promise<boolean> {
  const answer = (await (await send("demo", { method: "GET" })).json()) as { readonly on?: boolean };
  return answer.on === true;
}

export interface Provider {
  readonly id: string;
  readonly name: string;
}

/** The outside services by which people may sign in here. */
export async function providers(): Promise<ReadonlyArray<Provider>> {
  return (await (await send("providers", { method: "GET" })).json()) as ReadonlyArray<Provider>;
}

/** The way to a provider, which leads back into the page. */
export function wayTo(provider: Provider, territory: string): string {
  return `/session/oidc/${encodeURIComponent(provider.id)}?${new URLSearchParams({ next: "/", territory })}`;
}

/** Asks the browser for a passkey and shows it: as the first factor, or as the second one of a challenge. */
export async function signInWithPasskey(challenge?: string): Promise<Outcome> {
  return enter(challenge === undefined ? "passkey" : "second-factor", await askForPasskey(challenge));
}

async function askForPasskey(challenge?: string): Promise<{ readonly challenge: string; readonly credential: unknown }> {
  const asked = (await post("passkey/options", challenge === undefined ? {} : { challenge })) as PasskeyAsked;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
  const credential = await navigator.credentials.get({ publicKey });
  if (!(credential instanceof PublicKeyCredential)) throw new ApiFault("No passkey was chosen.", "PASSKEY_NOT_CHOSEN");
  return { challenge: asked.challenge, credential: credential.toJSON() };
}

/** Proves again who is signed in, so that credentials can be changed for some minutes. */
export async function confirm(proof: { readonly password: string } | { readonly code: string }): Promise<void> {
  await post("confirm", proof);
}

export async function confirmWithPasskey(): Promise<void> {
  const { challenge, credential } = await askForPasskey();
  await post("confirm", { challenge, credential });
}

/** Makes a passkey in this browser. `options` are PublicKeyCredentialCreationOptionsJSON, written out. */
export async function createPasskey(options: string): Promise<unknown> {
  const asked = JSON.parse(options) as PublicKeyCredentialCreationOptionsJSON;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
  const credential = await navigator.credentials.create({ publicKey });
  if (!(credential instanceof PublicKeyCredential)) throw new ApiFault("No passkey was made.", "PASSKEY_NOT_CHOSEN");
  return credential.toJSON();
}

/** Whether this browser can show passkeys the way they are asked for here. */
export function knowsPasskeys(): boolean {
  return typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

interface PasskeyAsked {
  readonly challenge: string;
  readonly options: PublicKeyCredentialRequestOptionsJSON;
}

interface Answer {
  readonly next?: string | null;
  readonly challenge?: string;
  readonly methods?: ReadonlyArray<Method>;
}

async function enter(door: string, body: object): Promise<Outcome> {
  const answer = (await post(door, { ...body, deviceName: deviceName(navigator.userAgent) })) as Answer;
  if (answer.next === "SECOND_FACTOR" && answer.challenge !== undefined) {
    return { kind: "second-factor", asked: { challenge: answer.challenge, methods: answer.methods ?? [] } };
  }
  if (answer.next === "EMAIL_CHANGED") return { kind: "email-changed" };
  return { kind: "in", mustEnrol: answer.next === "ENROL_SECOND_FACTOR" };
}

async function post(door: string, body: object): Promise<unknown> {
  const response = await send(door, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  // Some doors answer with nothing but that it is done.
  const answer = (await response.json().catch(() => ({}))) as { readonly code?: string; readonly message?: string };
  if (response.ok) return answer;
  throw new ApiFault(answer.message ?? "Signing in was refused.", answer.code ?? `HTTP_${response.status}`);
}

async function send(door: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`/session/${door}`, { ...init, credentials: "same-origin" });
  } catch {
    throw new ApiUnreachable("The service did not answer.");
  }
}
