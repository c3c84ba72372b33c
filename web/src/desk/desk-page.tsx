import { useCallback, useEffect, useState } from "react";
import type { Problem } from "../api/problems";
import { type Explanation, explainError, explainProblem } from "../api/problems";
import { useQuery } from "../api/use-query";
import { execute } from "../api/client";
import { DeskDocument, EndStreamDocument, StartStreamDocument } from "../gql/operations";
import { useShow } from "../live/use-show";
import { useDocumentTitle } from "../router/router";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import { InlineProblem, Notice } from "../ui/notice";
import { ModerationPanel } from "./moderation-panel";
import { OverlayLink } from "./overlay-link";
import { PollForm } from "./poll-form";
import { RunList } from "./run-list";
import { RunSheet } from "./run-sheet";
import { ShoutForm } from "./shout-form";
import { useDeskKeys } from "./use-desk-keys";
import "../studio/studio.css";
import "../studio/fields.css";
import "../live/live.css";
import "./desk.css";

/** What came of an act: done, or what keeps it from being. */
export type Act = (ask: () => Promise<{ readonly __typename: string } | (Problem & { readonly __typename: string })>) => Promise<boolean>;

/** Where a host runs a show: polls, moments, questions and chat, and how the crowd is doing. */
export default function DeskPage({ streamId }: { readonly streamId: string }) {
  useDocumentTitle("Host desk");
  const [state, reload] = useQuery(DeskDocument, { streamId });
  const { show } = useShow(streamId);
  const [refused, setRefused] = useState<Explanation>();
  const [busy, setBusy] = useState(false);

  // Whatever another host does shows here too.
  const changes = [...show.polls.values()].map((poll) => `${poll.id}${poll.version}${poll.state}`).join() + (show.stream?.version ?? 0);
  useEffect(() => reload(), [changes, reload]);

  const act = useCallback<Act>(
    async (ask) => {
      setBusy(true);
      setRefused(undefined);
      try {
        const answer = await ask();
        const isRefused = "code" in answer;
        if (isRefused) setRefused(explainProblem(answer));
        reload();
        return !isRefused;
      } catch (error) {
        setRefused(explainError(error));
        return false;
      } finally {
        setBusy(false);
      }
    },
    [reload],
  );
  const data = state.phase === "ready" ? state.data : undefined;
  useDeskKeys(data?.hostPolls ?? [], act);

  if (state.phase === "loading") return <div className="account-page" aria-busy="true" />;
  if (state.phase === "failed") return <Notice explanation={state.explanation} onRetry={reload} />;
  const stream = state.data.liveStream;
  if (!stream) return <Notice explanation={{ title: "There is no such show", advice: "Check the address." }} />;
  const version = { streamId, expectedVersion: stream.version };
  return (
    <div className="desk">
      <header className="desk-header">
        <h1>{stream.name}</h1>
        <p role="status">
          {stream.state === "LIVE" ? "On air" : stream.state === "PREPARED" ? "Prepared" : "Over"} · {show.viewers} watching
          {show.rates.map((one) => ` · ${one.emoji} ${one.perSecond.toFixed(1)}/s`)}
        </p>
        {stream.state === "PREPARED" && (
          <Button look="bulb" busy={busy} onClick={() => void act(async () => (await execute(StartStreamDocument, { input: version })).startStream)}>
            Go live
          </Button>
        )}
        {stream.state === "LIVE" && (
          <Button look="danger" busy={busy} onClick={() => void act(async () => (await execute(EndStreamDocument, { input: version })).endStream)}>
            End the show
          </Button>
        )}
      </header>
      <InlineProblem explanation={refused} />
      <p className="desk-keys">
        Keys: <kbd>O</kbd> open the next poll · <kbd>L</kbd> lock · <kbd>R</kbd> reveal · <kbd>Z</kbd> undo · <kbd>N</kbd> new poll
      </p>
      <div className="desk-panels">
        <Panel heading="Polls">
          <RunList polls={state.data.hostPolls} tallies={show.tallies} act={act} busy={busy} />
        </Panel>
        <RunSheet streamId={streamId} polls={state.data.hostPolls} act={act} changes={changes} />
        <Panel heading="New poll">
          <PollForm streamId={streamId} act={act} />
        </Panel>
        <Panel heading="Shout-out">
          <ShoutForm streamId={streamId} act={act} />
        </Panel>
        <OverlayLink streamId={streamId} act={act} />
        <ModerationPanel streamId={streamId} questions={state.data.questions.nodes} act={act} reload={reload} />
      </div>
    </div>
  );
}
