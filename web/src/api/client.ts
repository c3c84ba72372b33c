import type { TrustedDocument } from "./trusted-document";

/** The API could not be reached, or answered with something that is not GraphQL. */
export class ApiUnreachable extends Error {
  override readonly name = "ApiUnreachable";
}

/** The API answered, and refused the operation as a whole. `code` is `extensions.code` of the first error. */
export class ApiFault extends Error {
  override readonly name = "ApiFault";
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

const CLIENT = {
  accept: "application/graphql-response+json, application/json",
  "graphql-client-name": "marquee-web",
};
/** What every proxy lets through as an address. */
const ADDRESS_MAX_CHARS = 2000;

interface GraphQLAnswer<Result> {
  readonly data?: Result | null;
  readonly errors?: ReadonlyArray<{ readonly message: string; readonly extensions?: { readonly code?: string } }>;
}

export interface ExecuteOptions {
  readonly signal?: AbortSignal;
  /** Lets the request outlive the page: for the last word of a playback session. */
  readonly keepalive?: boolean;
}

/**
 * Runs one operation over HTTP. The session cookie identifies the viewer.
 *
 * Partial data with errors counts as an answer: nullable fields are null where a part failed.
 * Throws ApiUnreachable or ApiFault, or an AbortError when `signal` fires.
 */
export async function execute<Result, Variables>(
  document: TrustedDocument<Result, Variables>,
  variables: Variables,
  options: ExecuteOptions = {},
): Promise<Result> {
  const request = (document.kind === "query" ? asked : told)(document.id, variables);
  const answer = await send<Result>(request, options);
  if (answer.data !== undefined && answer.data !== null) return answer.data;
  const error = answer.errors?.[0];
  throw new ApiFault(error?.message ?? "The answer held no data.", error?.extensions?.code ?? "UNKNOWN");
}

/** Queries go by GET, so that the browser, and caches before the server, may keep their answers. */
function asked(documentId: string, variables: unknown): Request {
  const parameters = new URLSearchParams({ documentId, variables: JSON.stringify(variables ?? {}) });
  const address = `/graphql?${parameters}`;
  return address.length > ADDRESS_MAX_CHARS ? told(documentId, variables) : new Request(address, { headers: CLIENT });
}

function told(documentId: string, variables: unknown): Request {
  return new Request("/graphql", {
    method: "POST",
    headers: { ...CLIENT, "content-type": "application/json" },
    body: JSON.stringify({ documentId, variables }),
  });
}

async function send<Result>(request: Request, options: ExecuteOptions): Promise<GraphQLAnswer<Result>> {
  let response: Response;
  try {
    response = await fetch(request, { credentials: "same-origin", ...options });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiUnreachable("The service did not answer.");
  }
  return readAnswer<Result>(response);
}

async function readAnswer<Result>(response: Response): Promise<GraphQLAnswer<Result>> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.includes("json")) throw new ApiUnreachable(`The service answered ${response.status}.`);
  return (await response.json()) as GraphQLAnswer<Result>;
}
