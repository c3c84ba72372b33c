import type { TypedDocumentString } from "../gql/operations";

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
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  options: ExecuteOptions = {},
): Promise<Result> {
  const answer = await send<Result>({ query: document.toString(), variables }, options);
  if (answer.data !== undefined && answer.data !== null) return answer.data;
  const error = answer.errors?.[0];
  throw new ApiFault(error?.message ?? "The answer held no data.", error?.extensions?.code ?? "UNKNOWN");
}

async function send<Result>(body: object, options: ExecuteOptions): Promise<GraphQLAnswer<Result>> {
  let response: Response;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
      ...options,
    });
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
