import { useCallback, useState } from "react";
import { type Explanation, explainError, explainProblem, type Problem } from "../api/problems";
import { useViewer } from "../api/viewer";

/** A mutation's answer: its payload, or the refusal of it. */
type Answer = { readonly __typename: string } | (Problem & { readonly __typename: string });

/** What is left of an answer's type once refusals are taken out. */
export type Accepted<Result> = Exclude<Result, { readonly code: string }>;

export interface Acting {
  readonly busy: boolean;
  readonly refused: Explanation | undefined;
  /** Runs a mutation; gives its payload, or undefined after showing why it was refused. */
  readonly act: <Result extends Answer>(ask: () => Promise<Result>) => Promise<Accepted<Result> | undefined>;
}

/** Runs mutations one at a time for a form, and holds the last refusal. */
export function useAct(): Acting {
  const { reload } = useViewer();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Explanation>();

  const act = useCallback(
    async <Result extends Answer>(ask: () => Promise<Result>) => {
      setBusy(true);
      setRefused(undefined);
      try {
        const answer = await ask();
        if (isAccepted(answer)) return answer;
        const problem = answer as unknown as Problem;
        setRefused(explainProblem(problem));
        if (problem.code === "SIGN_IN_REQUIRED") reload();
      } catch (error) {
        setRefused(explainError(error));
      } finally {
        setBusy(false);
      }
      return undefined;
    },
    [reload],
  );
  return { busy, refused, act };
}

export function isAccepted<Result extends Answer>(answer: Result): answer is Accepted<Result> {
  return !("code" in answer);
}
