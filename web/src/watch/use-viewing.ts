import { useCallback, useEffect, useState } from "react";
import { execute } from "../api/client";
import { newIdempotencyKey } from "../api/keys";
import { type Explanation, explainError, type Problem } from "../api/problems";
import { StartPlaybackDocument, type StartPlaybackMutation } from "../gql/operations";

type Answer = StartPlaybackMutation["startPlayback"];
export type Started = Extract<Answer, { __typename: "PlaybackStarted" }>;
export type LimitReached = Extract<Answer, { __typename: "StreamLimitReached" }>;

export type Viewing =
  | { readonly phase: "starting" }
  | { readonly phase: "started"; readonly started: Started; readonly startS: number | undefined }
  | { readonly phase: "limited"; readonly limit: LimitReached }
  | { readonly phase: "refused"; readonly problem: Problem }
  | { readonly phase: "failed"; readonly explanation: Explanation };

export interface ViewingControl {
  readonly viewing: Viewing;
  /** Asks for a session again; `startS` overrides the resume point. */
  readonly restart: (startS?: number) => void;
  /** The session was ended by the other side. */
  readonly refuse: (problem: Problem) => void;
}

/** Asks the API for a playback session of a title, and holds what came of it. */
export function useViewing(titleId: string, startS: number | undefined): ViewingControl {
  const [attempt, setAttempt] = useState({ key: newIdempotencyKey(), startS });
  const [viewing, setViewing] = useState<Viewing>({ phase: "starting" });

  useEffect(() => {
    const abort = new AbortController();
    setViewing({ phase: "starting" });
    const show = (next: Viewing) => {
      if (!abort.signal.aborted) setViewing(next);
    };
    const ask = () => {
      const input = { titleId, idempotencyKey: attempt.key };
      execute(StartPlaybackDocument, { input }, { signal: abort.signal }).then(
        ({ startPlayback }) => show(viewingOf(startPlayback, attempt.startS)),
        (error: unknown) => show({ phase: "failed", explanation: explainError(error) }),
      );
    };
    // A turn later, so that an effect which React runs and undoes at once has asked for nothing.
    const turn = setTimeout(ask, 0);
    return () => {
      clearTimeout(turn);
      abort.abort();
    };
  }, [titleId, attempt]);

  const restart = useCallback((from?: number) => setAttempt({ key: newIdempotencyKey(), startS: from }), []);
  const refuse = useCallback((problem: Problem) => setViewing({ phase: "refused", problem }), []);
  return { viewing, restart, refuse };
}

function viewingOf(answer: Answer, startS: number | undefined): Viewing {
  switch (answer.__typename) {
    case "PlaybackStarted":
      return { phase: "started", started: answer, startS };
    case "StreamLimitReached":
      return { phase: "limited", limit: answer };
    default:
      return { phase: "refused", problem: answer };
  }
}
