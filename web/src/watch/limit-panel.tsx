import { type ReactNode, useState } from "react";
import { execute } from "../api/client";
import { type Explanation, explainError, explainProblem } from "../api/problems";
import { RevokePlaybackDocument, type RunningStreamFragment } from "../gql/operations";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { moment } from "../ui/wording";
import type { LimitReached } from "./use-viewing";
import "./limit-panel.css";

interface LimitPanelProps {
  readonly limit: LimitReached;
  readonly onFreed: () => void;
  readonly away: ReactNode;
}

/** Every place of the plan is taken: shows the running streams, each with a button that ends it. */
export function LimitPanel({ limit, onFreed, away }: LimitPanelProps) {
  const [ending, setEnding] = useState<string>();
  const [refused, setRefused] = useState<Explanation>();
  const explanation = explainProblem(limit);

  const end = async (sessionId: string) => {
    setEnding(sessionId);
    setRefused(undefined);
    try {
      const { revokePlayback } = await execute(RevokePlaybackDocument, { input: { sessionId } });
      // A stream that is already gone has freed its place just the same.
      const freed = !("code" in revokePlayback) || revokePlayback.code === "NOT_FOUND";
      if (freed) onFreed();
      else setRefused(explainProblem(revokePlayback));
    } catch (error) {
      setRefused(explainError(error));
    }
    setEnding(undefined);
  };
  return (
    <section className="limit" aria-labelledby="limit-heading">
      <h1 id="limit-heading">{explanation.title}</h1>
      <p>{explanation.advice}</p>
      <InlineProblem explanation={refused} />
      <ul>
        {limit.sessions.map((session) => (
          <li key={session.id}>
            <RunningStream session={session} />
            <Button busy={ending === session.id} disabled={ending !== undefined} onClick={() => void end(session.id)}>
              End this one
            </Button>
          </li>
        ))}
      </ul>
      <div>{away}</div>
    </section>
  );
}

function RunningStream({ session }: { readonly session: RunningStreamFragment }) {
  const device = session.device?.name ?? "Another device";
  return (
    <span className="limit-stream">
      <strong>{session.title?.name ?? "A title"}</strong>
      <span>
        {device}, since {moment(session.startedAt)}
      </span>
    </span>
  );
}
