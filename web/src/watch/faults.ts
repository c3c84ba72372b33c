import type { Explanation } from "../api/problems";

/** What went wrong in the player, as far as it changes what to do next. */
export type FaultKind = "refused" | "network" | "unsupported" | "media";

export interface Fault {
  readonly kind: FaultKind;
  readonly code: number;
}

/** The parts of shaka's error that decide; see `shaka.util.Error`. */
export interface PlayerError {
  readonly category: number;
  readonly code: number;
  readonly data: ReadonlyArray<unknown>;
}

const NETWORK = 1;
const BAD_HTTP_STATUS = 1001;
const LICENCE_REQUEST_FAILED = 6007;
// No decoder, no key system, or an insecure origin: trying again cannot help.
const UNSUPPORTED: ReadonlySet<number> = new Set([4032, 6000, 6001, 6002, 6020]);
const REFUSED_STATUSES: ReadonlySet<unknown> = new Set([401, 403, 410]);

export function faultOf(error: PlayerError): Fault {
  const code = error.code;
  if (isRefusal(error)) return { kind: "refused", code };
  if (UNSUPPORTED.has(code)) return { kind: "unsupported", code };
  const network = error.category === NETWORK || code === LICENCE_REQUEST_FAILED;
  return { kind: network ? "network" : "media", code };
}

function isRefusal(error: PlayerError): boolean {
  if (error.code === BAD_HTTP_STATUS) return REFUSED_STATUSES.has(error.data[1]);
  const cause = error.data[0];
  return error.code === LICENCE_REQUEST_FAILED && isPlayerError(cause) && isRefusal(cause);
}

export function isPlayerError(value: unknown): value is PlayerError {
  return typeof value === "object" && value !== null && "category" in value && "code" in value && "data" in value;
}

const words: Record<FaultKind, Explanation> = {
  refused: { title: "This stream was closed", advice: "Your permission to play it has run out. Start it again." },
  network: { title: "The picture isn’t coming through", advice: "Check your connection. We’ll carry on where you were." },
  unsupported: {
    title: "This browser can’t play protected films",
    advice: "Use a current browser over a secure connection.",
  },
  media: { title: "This film couldn’t be played", advice: "Something in the stream was not readable. Try it again." },
};

export function explainFault(fault: Fault): Explanation {
  const { title, advice } = words[fault.kind];
  return { title, advice: `${advice} (${fault.code})` };
}
