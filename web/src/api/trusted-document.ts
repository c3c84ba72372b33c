/** A document that the build has registered with the server. The page ships its id and never its text. */
export class TrustedDocument<Result, Variables> {
  /** Carries the types of the answer and of the variables; there is nothing here at run time. */
  declare readonly types?: (variables: Variables) => Result;

  constructor(
    readonly id: string,
    readonly kind: "query" | "mutation" | "subscription",
  ) {}
}
