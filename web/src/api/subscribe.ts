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
  });
  return shared;
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

function describe(error: unknown): string {
  if (Array.isArray(error)) return error.map((one: { message?: string }) => one.message ?? "unknown").join(", ");
  return error instanceof Error ? error.message : "the connection was lost";
}
