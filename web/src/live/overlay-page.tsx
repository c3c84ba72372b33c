import { useCallback, useEffect, useReducer, useState } from "react";
import { PollBars } from "./poll-bars";
import { after, emptyShow, shoutOuts, type ShowEvent, shownPoll } from "./show";
import { usePlayhead } from "./use-show";
import "./live.css";
import "./overlay.css";

/** What mixing software lays over a show's picture: for reading only, and see-through where there is nothing. */
export default function OverlayPage() {
  const [show, tell] = useReducer(after, emptyShow);
  const [isRefused, setIsRefused] = useState(false);
  // The mixer has the picture before anybody else, so the wall clock is its playhead.
  const playhead = usePlayhead(useCallback(() => undefined, []));
  useEffect(() => {
    document.documentElement.classList.add("see-through");
    const token = location.hash.slice(1);
    const events = new EventSource(`/overlay/events?token=${encodeURIComponent(token)}`);
    events.addEventListener("next", (event: MessageEvent<string>) => {
      const answer = JSON.parse(event.data) as { readonly data?: { readonly streamEvents: ShowEvent } };
      if (answer.data) tell(answer.data.streamEvents);
    });
    events.addEventListener("error", () => setIsRefused(events.readyState === EventSource.CLOSED));
    return () => events.close();
  }, []);
  const shown = shownPoll(show, playhead);
  const flying = show.rates.filter((one) => one.perSecond > 0);
  return (
    <main className="overlay">
      {isRefused && <p role="alert">This link does not work any more. Ask the show’s host for another one.</p>}
      {shoutOuts(show, playhead).map((moment) => (
        <p key={moment.id} className="live-shout">
          {moment.text}
        </p>
      ))}
      {shown && (
        <section className="poll-card" aria-label="Poll">
          <h2>{shown.poll.question}</h2>
          <ul className="poll-options">
            {shown.poll.options.map((option) => (
              <li key={option.id}>
                {option.label}
                {shown.tally && <PollBars tally={shown.tally} optionId={option.id} isRight={undefined} />}
              </li>
            ))}
          </ul>
        </section>
      )}
      <p className="overlay-reactions">{flying.map((one) => `${one.emoji} ${one.perSecond.toFixed(1)}/s`).join("  ")}</p>
    </main>
  );
}
