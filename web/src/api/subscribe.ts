import { type Client, createClient, type SubscribePayload } from "graphql-ws";
import type { TrustedDocument } from "./trusted-document";

let shared: Client | undefined;

function socket(): Client {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  shared ??= createClient({
    url: `${scheme}//${location.host}/graphql`,
    lazy: true,
    retryAttempts: 20,
    shouldRetry: () => true,
    retryWait: (attempt) => new Promise((resolve) => setTimeout(resolve, waitMs(attempt))),
    on: {
      connected: (_socket, payload) => comeBack(payload),
      ping: (_received, payload) => comeBack(payload),
    },
  });
  return shared;
}

/** When the server wants this client to come back after a broken line: a crowd must not come in the same instant. */
let retryAfterMs = 500;
const LONGEST_WAIT_MS = 30_000;

function comeBack(payload: unknown): void {
  const told = (payload as { readonly retryAfterMs?: unknown } | undefined)?.retryAfterMs;
  if (typeof told === "number" && told >= 0) retryAfterMs = Math.min(told, LONGEST_WAIT_MS);
}

function waitMs(attempt: number): number {
  return Math.min(retryAfterMs * 2 ** attempt, LONGEST_WAIT_MS);
}

export interface Listener<Result> {
  readonly next: (result: Result) => void;
  /** The stream ended for good: `problem` says why, or is undefined when the API completed it. */
  readonly ended: (problem: string | undefined) => void;
}

/** Follows a subscription over one shared WebSocket; the returned function ends it. Reconnects by itself. */
export function subscribe<Result, Variables extends Record<string, unknown>>(
  document: TrustedDocument<Result, Variables>,
  variables: Variables,
  listener: Listener<Result>,
): () => void {
  return socket().subscribe<Result>(
    // The protocol's own field for the text stays empty: the server knows the document by its id.
    { query: "", documentId: document.id, variables } as SubscribePayload,
    {
      next: ({ data }) => {
        if (data) listener.next(data);
      },
      error: (error) => listener.ended(describe(error)),
      complete: () => listener.ended(undefined),
    },
  );
}

/**
 * Follows a subscription that says where it is, so that nothing is missed when the line breaks: it goes on behind the
 * last event. The document takes `$since`.
 */
export function follow<Result, Variables extends Record<string, unknown>>(
  document: TrustedDocument<Result, Variables>,
  variables: Omit<Variables, "since">,
  listener: Listener<Result>,
): () => void {
  const given: Record<string, unknown> = { ...variables };
  return socket().subscribe<Result, { readonly position?: string }>(
    // Sent again as it is then whenever the line has come back.
    { query: "", documentId: document.id, variables: given } as SubscribePayload,
    {
      next: ({ data, extensions }) => {
        if (extensions?.position !== undefined) given["since"] = extensions.position;
        if (data) listener.next(data);
      },
      error: (error) => listener.ended(describe(error)),
      complete: () => listener.ended(undefined),
    },
  );
}

function describe(error: unknown): string {
  if (Array.isArray(error)) return error.map((one: { message?: string }) => one.message ?? "unknown").join(", ");
  return error instanceof Error ? error.message : "the connection was lost";
}
