import { type ReactNode, useCallback, useState } from "react";
import { type Explanation, explainError, explainProblem, type Problem } from "../api/problems";
import { ConfirmForm } from "../account/confirm-form";
import { PinForm } from "./pin-form";

type Answer = { readonly __typename: string } | (Problem & { readonly __typename: string });

interface Waiting {
  readonly for: "pin" | "confirmation";
  readonly again: (pin?: string) => void;
}

export interface Pinned {
  readonly busy: boolean;
  readonly refused: Explanation | undefined;
  /** What is asked for before it goes on, in place of what asked. */
  readonly question: ReactNode;
  /** Does something that may need a PIN; once it was given, it is tried again with it. */
  readonly run: (ask: (pin?: string) => Promise<Answer>, done: () => void) => void;
}

/** Does what a profile's PIN may stand before. */
export function usePinned(): Pinned {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Explanation>();
  const [waiting, setWaiting] = useState<Waiting>();

  const attempt = useCallback(async (ask: (pin?: string) => Promise<Answer>, done: () => void, pin?: string): Promise<void> => {
    setBusy(true);
    setRefused(undefined);
    try {
      const answer = await ask(pin);
      const code = "code" in answer ? answer.code : undefined;
      const again = (next?: string) => void attempt(ask, done, next);
      if (!("code" in answer)) {
        setWaiting(undefined);
        done();
      } else if (code === "PIN_REQUIRED") setWaiting({ for: "pin", again });
      else if (code === "CONFIRMATION_REQUIRED") setWaiting({ for: "confirmation", again });
      else setRefused(explainProblem(answer));
    } catch (error) {
      setRefused(explainError(error));
    } finally {
      setBusy(false);
    }
  }, []);

  const cancel = () => {
    setWaiting(undefined);
    setRefused(undefined);
  };
  const question =
    waiting?.for === "pin" ? (
      <PinForm busy={busy} refused={refused} onPin={waiting.again} onCancel={cancel} />
    ) : waiting?.for === "confirmation" ? (
      <ConfirmForm onConfirmed={() => waiting.again()} onCancel={cancel} />
    ) : null;
  return { busy, refused, question, run: (ask, done) => void attempt(ask, done) };
}
