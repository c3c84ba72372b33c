import { useEffect, useState } from "react";
import { execute } from "../api/client";
import { type Explanation, explainError, explainProblem } from "../api/problems";
import { CastVoteDocument, OwnVoteDocument } from "../gql/operations";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { PollBars } from "./poll-bars";
import type { ShownPoll, Tally } from "./show";

interface PollCardProps {
  readonly shown: ShownPoll;
  readonly playhead: Date;
}

/** A poll as this viewer meets it: a question, then bars that move, then the result. */
export function PollCard({ shown, playhead }: PollCardProps) {
  const { poll, phase } = shown;
  const [chosen, setChosen] = useState<ReadonlyArray<string>>([]);
  const [voted, setVoted] = useState(false);
  const [ownTally, setOwnTally] = useState<Tally>();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Explanation>();

  useEffect(() => {
    const abort = new AbortController();
    execute(OwnVoteDocument, { pollId: poll.id }, { signal: abort.signal }).then(
      ({ ownVote }) => {
        if (!ownVote || abort.signal.aborted) return;
        setChosen(ownVote.optionIds);
        setVoted(true);
      },
      // Whoever is not known has not voted either.
      () => undefined,
    );
    return () => abort.abort();
  }, [poll.id]);

  const vote = async (optionIds: ReadonlyArray<string>) => {
    setBusy(true);
    setRefused(undefined);
    try {
      const { castVote } = await execute(CastVoteDocument, { input: { pollId: poll.id, optionIds, mediaTime: playhead.toISOString() } });
      if (castVote.__typename === "VoteCast") {
        setChosen(castVote.vote.optionIds);
        setVoted(true);
        setOwnTally(castVote.vote.tally ?? undefined);
      } else setRefused(explainProblem(castVote));
    } catch (error) {
      setRefused(explainError(error));
    } finally {
      setBusy(false);
    }
  };
  const choose = (optionId: string) => {
    if (poll.kind !== "MULTIPLE") return void vote([optionId]);
    setChosen((before) => (before.includes(optionId) ? before.filter((one) => one !== optionId) : [...before, optionId]));
  };
  const tally = shown.tally ?? (poll.reveal === "AFTER_VOTE" && voted ? ownTally : undefined);
  const mayVote = phase === "open" && (!voted || poll.allowsChange);

  return (
    <section className="poll-card" aria-label="Poll" data-phase={phase}>
      <h3>{poll.question}</h3>
      <ul className="poll-options">
        {poll.options.map((option) => (
          <li key={option.id}>
            <button
              type="button"
              className="poll-option"
              aria-pressed={chosen.includes(option.id)}
              disabled={!mayVote || busy}
              onClick={() => choose(option.id)}
            >
              {option.image && <img src={option.image.url} alt="" width={64} height={64} />}
              <span>{option.label}</span>
            </button>
            {tally && <PollBars tally={tally} optionId={option.id} isRight={phase === "revealed" ? (option.isRight ?? undefined) : undefined} />}
          </li>
        ))}
      </ul>
      {poll.kind === "MULTIPLE" && mayVote && (
        <Button look="bulb" busy={busy} disabled={chosen.length < poll.minChoices || chosen.length > poll.maxChoices} onClick={() => void vote(chosen)}>
          Vote
        </Button>
      )}
      <InlineProblem explanation={refused} />
      <p className="poll-state" role="status">
        {phase === "open" && (voted ? "You have voted." : "Choose an answer.")}
        {phase === "locked" && "Voting is over here. The result comes when everybody has had as long."}
        {phase === "revealed" && tally && `${tally.voters} ${tally.voters === 1 ? "vote" : "votes"}.`}
      </p>
    </section>
  );
}
