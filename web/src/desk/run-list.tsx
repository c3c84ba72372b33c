import { PollBars } from "../live/poll-bars";
import type { Tally } from "../live/show";
import { acts, type HostPoll, inOrder } from "./acts";
import type { Act } from "./desk-page";
import { useNow } from "./use-now";

interface RunListProps {
  readonly polls: ReadonlyArray<HostPoll>;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly act: Act;
  readonly busy: boolean;
}

const states = { DRAFT: "Ready", SCHEDULED: "Scheduled", OPEN: "Open", LOCKED: "Locked", REVEALED: "Revealed", ARCHIVED: "Archived" };

/** The show's polls in order, each with what can be done with it now. */
export function RunList({ polls, tallies, act, busy }: RunListProps) {
  const now = useNow();
  if (polls.length === 0) return <p className="panel-text">No polls yet. Prepare one beside.</p>;
  return (
    <ol className="desk-list">
      {inOrder(polls).map((one) => {
        const { poll } = one;
        const tally = tallies.get(poll.id) ?? one.tally;
        const waits = poll.finalAt != null && Date.parse(poll.finalAt) > now.getTime();
        const mayUndo = one.undoUntil != null && Date.parse(one.undoUntil) > now.getTime();
        return (
          <li key={poll.id} data-state={poll.state}>
            <div>
              <strong>{poll.question}</strong> <small>{poll.isCancelled ? "Called off" : states[poll.state]}</small>
              {poll.state !== "DRAFT" &&
                poll.options.map((option) => (
                  <div key={option.id}>
                    {option.label}
                    <PollBars tally={tally} optionId={option.id} isRight={undefined} />
                  </div>
                ))}
            </div>
            <div className="desk-acts">
              {(poll.state === "DRAFT" || poll.state === "SCHEDULED") && (
                <button type="button" disabled={busy} onClick={() => void acts.open(one, act)}>
                  Open
                </button>
              )}
              {poll.state === "OPEN" && (
                <button type="button" disabled={busy} onClick={() => void acts.lock(one, act)}>
                  Lock
                </button>
              )}
              {poll.state === "LOCKED" && (
                <button type="button" disabled={busy || waits} onClick={() => void acts.reveal(one, act)}>
                  {waits ? "Waiting for the slowest" : "Reveal"}
                </button>
              )}
              {mayUndo && (
                <button type="button" disabled={busy} onClick={() => void acts.undo(one, act)}>
                  Undo
                </button>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
