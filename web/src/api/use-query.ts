import { useCallback, useEffect, useState } from "react";
import type { TrustedDocument } from "./trusted-document";
import { execute } from "./client";
import { type Explanation, explainError } from "./problems";

export type QueryState<Result> =
  | { readonly phase: "loading" }
  | { readonly phase: "ready"; readonly data: Result }
  | { readonly phase: "failed"; readonly explanation: Explanation };

/** Answers kept so that going back shows the page at once; the newest answer always replaces them. */
const answers = new Map<string, unknown>();
const ANSWERS_KEPT = 40;

function remember(key: string, data: unknown): void {
  answers.delete(key);
  answers.set(key, data);
  const oldest = answers.keys().next();
  if (answers.size > ANSWERS_KEPT && !oldest.done) answers.delete(oldest.value);
}

/** Forgets every answer: on signing in or out, when they belong to somebody else. */
export function forgetAnswers(): void {
  answers.clear();
}

function initial<Result>(key: string): QueryState<Result> {
  if (!answers.has(key)) return { phase: "loading" };
  return { phase: "ready", data: answers.get(key) as Result };
}

/** Runs a query while the component is shown; `reload` asks again and keeps showing the last answer meanwhile. */
export function useQuery<Result, Variables>(
  document: TrustedDocument<Result, Variables>,
  variables: Variables,
): readonly [QueryState<Result>, () => void] {
  const key = document.id + JSON.stringify(variables);
  const [held, setHeld] = useState<{ key: string; state: QueryState<Result> }>(() => ({ key, state: initial(key) }));
  const [round, setRound] = useState(0);

  useEffect(() => {
    const abort = new AbortController();
    const show = (state: QueryState<Result>) => {
      if (!abort.signal.aborted) setHeld({ key, state });
    };
    execute(document, variables, { signal: abort.signal }).then(
      (data) => {
        remember(key, data);
        show({ phase: "ready", data });
      },
      (error: unknown) => show({ phase: "failed", explanation: explainError(error) }),
    );
    return () => abort.abort();
    // `key` stands for the document and the variables by value.
  }, [key, round]);

  const reload = useCallback(() => setRound((count) => count + 1), []);
  return [held.key === key ? held.state : initial<Result>(key), reload];
}
