import { type ReactNode, useCallback, useState } from "react";
import { type Explanation, explainError, explainProblem, type Problem } from "../api/problems";
import { ConfirmForm } from "./confirm-form";

type Answer = { readonly __typename: string } | (Problem & { readonly __typename: string });
type Accepted<Result> = Exclude<Result, { readonly code: string }>;

export interface Securing {
  readonly busy: boolean;
  readonly refused: Explanation | undefined;
  /** Asks for a fresh proof where a change needs one; to be shown in place of what asked. */
  readonly confirmation: ReactNode;
  /** Makes a change. When a fresh proof is needed first, it is made once that was given. */
  readonly secure: <Result extends Answer>(ask: () => Promise<Result>, done: (made: Accepted<Result>) => void) => Promise<void>;
}

/** Makes changes that only whoever has just proved who they are may make. */
export function useSecuring(): Securing {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Explanation>();
  const [waiting, setWaiting] = useState<{ readonly again: () => void }>();

  const secure = useCallback(async <Result extends Answer>(ask: () => Promise<Result>, done: (made: Accepted<Result>) => void) => {
    setBusy(true);
    setRefused(undefined);
    try {
      const answer = await ask();
      if (!("code" in answer)) done(answer as Accepted<Result>);
      else if (answer.code === "CONFIRMATION_REQUIRED") setWaiting({ again: () => void secure(ask, done) });
      else setRefused(explainProblem(answer));
    } catch (error) {
      // A dialogue of the browser that was closed is nothing to complain about.
      if (!(error instanceof DOMException)) setRefused(explainError(error));
    } finally {
      setBusy(false);
    }
  }, []);

  const confirmation = waiting && (
    <ConfirmForm
      onConfirmed={() => {
        setWaiting(undefined);
        waiting.again();
      }}
      onCancel={() => setWaiting(undefined)}
    />
  );
  return { busy, refused, confirmation, secure };
}
