import type { AccessReason, AssetRejectionReason, PlaybackState } from "../gql/operations";
import { ApiFault, ApiUnreachable } from "./client";

/** What every refusal of the API carries, and the fields that some of them add. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly reasons?: ReadonlyArray<AccessReason>;
  readonly field?: string;
  readonly reason?: string;
  readonly limit?: number;
  readonly state?: PlaybackState;
}

/** A problem said to a person: what happened, then what to do. */
export interface Explanation {
  readonly title: string;
  readonly advice: string;
}

const accessReasons: Partial<Record<AccessReason, Explanation>> = {
  TITLE_NOT_PUBLISHED: { title: "This title isn’t showing yet", advice: "It has not been published. Try again later." },
  NOT_AVAILABLE_IN_TERRITORY: {
    title: "Not available where you are",
    advice: "We don’t hold the rights to show this title in your country.",
  },
  NOT_YET_AVAILABLE: { title: "Coming soon", advice: "This title opens later. Check its page for the date." },
  NO_LONGER_AVAILABLE: { title: "This title has left Marquee", advice: "Its showing window has closed." },
  NO_GRANT: { title: "Not in your plan", advice: "Your current plan does not include this title." },
  NOT_ON_THIS_DEVICE: { title: "Not on this device", advice: "Try it on another kind of device." },
  NOT_IN_PLAN: { title: "Not in your plan", advice: "Another plan includes this title." },
  MATURITY_LIMIT: {
    title: "Above this profile’s age limit",
    advice: "Switch to a profile that is allowed to watch it.",
  },
  MEDIA_NOT_READY: { title: "Still being prepared", advice: "The film is being encoded. Give it a few minutes." },
  ACCOUNT_SUSPENDED: { title: "Your account is on hold", advice: "Get in touch with support to lift it." },
  STREAM_LIMIT: { title: "Too many screens for your plan", advice: "Stop one of the others, then carry on here." },
};

const endedStates: Partial<Record<PlaybackState, Explanation>> = {
  REVOKED: {
    title: "Playback was ended elsewhere",
    advice: "Someone on this account stopped this stream. You can start it again here.",
  },
  EXPIRED: { title: "You were away for a while", advice: "The stream was closed to free a place. Carry on where you left." },
  ENDED: { title: "This stream has finished", advice: "Start it again to keep watching." },
};

const byCode: Record<string, Explanation> = {
  NOT_FOUND: { title: "We can’t find that", advice: "It may have been removed, or isn’t available to you." },
  SIGN_IN_REQUIRED: { title: "Sign in first", advice: "Your sign-in has ended. Sign in again to carry on." },
  FORBIDDEN: { title: "Editors only", advice: "Sign in as an editor to do this." },
  STALE_VERSION: { title: "Someone changed this first", advice: "We’ve loaded the latest version. Make your change again." },
  REQUEST_IN_PROGRESS: { title: "Already on its way", advice: "The same request is still running. Wait a moment." },
  IDEMPOTENCY_KEY_REUSED: { title: "That request was already used", advice: "Try once more." },
  RATE_LIMITED: { title: "Too many tries", advice: "Wait a moment, then try again." },
  UNAVAILABLE: { title: "Marquee is catching its breath", advice: "The service is briefly unavailable. Try again in a few seconds." },
  STALE_SEQUENCE: { title: "Playing in another window", advice: "A newer window has taken over this stream." },
  RIGHT_OVERLAPS: { title: "There is a right for that time already", advice: "Take the old one back first." },
  UPLOAD_TOO_LARGE: { title: "This file is too large", advice: "Export it smaller, or in parts." },
  TOO_MANY_UPLOADS: { title: "Too many unfinished uploads", advice: "Finish the ones you have begun, then come back." },
  UPLOAD_ENDED: { title: "That upload has ended", advice: "Choose the file again to start anew." },
  UPLOAD_NOT_COMPLETE: { title: "A file has not arrived in full", advice: "Upload it again; it goes on where it stopped." },
  ASSET_IN_PROGRESS: { title: "This clip is being prepared already", advice: "Wait for it, or cancel it first." },
  ASSET_SETTLED: { title: "Encoding has come to its end already", advice: "Load the page again to see how it went." },
  ASSET_NOT_FAILED: { title: "There is nothing to try again", advice: "Upload the clip anew instead." },
  KEY_SYSTEM_UNSUPPORTED: { title: "No licence for this browser", advice: "Use a current Chrome, Edge or Firefox." },
  SIGN_IN_FAILED: { title: "That doesn’t match", advice: "Check your email and password, or choose a new password." },
  CODE_WRONG: { title: "That code is not right", advice: "Wait for the next one, then try again." },
  SECOND_FACTOR_REQUIRED: { title: "A password is not enough here", advice: "Use your app or a passkey." },
  SECOND_FACTOR_MANDATORY: { title: "This is your last second factor", advice: "Your role needs one. Add another first." },
  PIN_WRONG: { title: "That is not the PIN", advice: "After a few wrong ones you have to wait." },
  TOO_MANY_PROFILES: { title: "There are as many profiles as there can be", advice: "Remove one first." },
  LAST_PROFILE: { title: "Somebody has to be watching", advice: "The last profile for grown-ups cannot go." },
  PROFILE_IN_USE: { title: "You are watching as this one", advice: "Change to another profile first." },
  EXPORT_RUNNING: { title: "Your data is being put together already", advice: "It shows here when it is ready." },
  INVITATION_FOR_ANOTHER: { title: "This invitation was sent to another address", advice: "Sign in with the account of that address." },
  LAST_ADMINISTRATOR: { title: "You are the last administrator", advice: "Make somebody else one first." },
  ACCOUNT_EXISTS: { title: "There is an account for your address already", advice: "Sign in to it, then link the other service." },
  EMAIL_UNPROVED: { title: "The other service has not proved your address", advice: "Prove it there, or sign up here." },
  TERRITORY_NEEDED: { title: "We could not tell your country", advice: "Sign up here, then link the other service." },
  IDENTITY_TAKEN: { title: "That is linked to another account", advice: "Unlink it there first." },
  PROVIDER_FAILED: { title: "The other service did not answer as it should", advice: "Try again in a moment." },
  TOTP_IN_USE: { title: "An app is in use already", advice: "Stop using that one first." },
  CHALLENGE_EXPIRED: { title: "That took too long", advice: "Start over." },
  TOO_MANY_ATTEMPTS: { title: "Too many tries", advice: "Wait a while, then try again." },
  LINK_EXPIRED: { title: "This link does not work any more", advice: "Ask for a new one." },
  PASSKEY_NOT_CHOSEN: { title: "No passkey was chosen", advice: "Try again, or use your password." },
  DEMO_OFF: { title: "Demo sign-in is off", advice: "This server does not offer demo viewers." },
};

/** Puts a refusal in plain words; an unknown code falls back on the API's own sentence. */
export function explainProblem(problem: Problem): Explanation {
  if (problem.code === "ACCESS_DENIED") return explainDenial(problem.reasons ?? []);
  if (problem.code === "STREAM_LIMIT_REACHED") return explainLimit(problem.limit ?? 1);
  if (problem.code === "SESSION_ENDED" && problem.state) return endedStates[problem.state] ?? fallback(problem);
  if (problem.code === "INVALID_INPUT") return explainInput(problem);
  return byCode[problem.code] ?? fallback(problem);
}

/** Puts anything thrown while talking to the API in plain words. */
export function explainError(error: unknown): Explanation {
  if (error instanceof ApiUnreachable) {
    return { title: "Can’t reach Marquee", advice: "Check your connection, then try again." };
  }
  if (error instanceof ApiFault) return explainProblem({ code: error.code, message: error.message });
  return { title: "Something went wrong", advice: "Try again. If it keeps happening, reload the page." };
}

function explainDenial(reasons: ReadonlyArray<AccessReason>): Explanation {
  const known = reasons.flatMap((reason) => accessReasons[reason] ?? []);
  const first = known[0];
  if (!first) return { title: "You can’t watch this", advice: "This title is not open to your account." };
  return { title: first.title, advice: known.map((one) => one.advice).join(" ") };
}

function explainLimit(limit: number): Explanation {
  const streams = limit === 1 ? "one stream" : `${limit} streams`;
  return { title: "Too many screens", advice: `Your plan plays ${streams} at a time. End one of these to watch here.` };
}

function explainInput(problem: Problem): Explanation {
  if (!problem.field) return { title: "Something needs fixing", advice: sentence(problem.reason ?? problem.message) };
  return { title: `Check “${plainField(problem.field)}”`, advice: sentence(problem.reason ?? problem.message) };
}

function fallback(problem: Problem): Explanation {
  return { title: "That didn’t work", advice: sentence(problem.message) };
}

function plainField(field: string): string {
  const last = field.split(".").at(-1) ?? field;
  return last.replace(/_/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}

function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "Try again.";
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

const rejections: Record<AssetRejectionReason, string> = {
  EMPTY: "The file is empty.",
  NOT_MEDIA: "The file is not a video.",
  UNSUPPORTED_CONTAINER: "This kind of file isn’t supported. Use MP4, MOV, MKV, WebM, MPEG-TS or AVI.",
  UNSUPPORTED_CODEC: "The picture or sound inside uses a format that can’t be decoded.",
  NO_VIDEO: "The file has sound but no picture.",
  NO_AUDIO: "The file that should bring another language’s sound has none.",
  PICTURE_TOO_LARGE: "The picture is larger than we accept.",
  ZERO_LENGTH: "The video lasts no time at all.",
  TOO_LONG: "The video is longer than we accept.",
  TRUNCATED: "The file is cut off before its end. Export it again and upload the whole file.",
  CORRUPT: "The file is damaged and can’t be read to its end.",
  SUBTITLES_UNREADABLE: "A subtitle file can’t be read. Use SRT, WebVTT or TTML.",
};

/** Why an uploaded clip was turned down, in plain words. */
export function explainRejection(reason: AssetRejectionReason): string {
  return rejections[reason];
}
