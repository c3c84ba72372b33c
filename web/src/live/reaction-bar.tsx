import { useEffect, useRef } from "react";
import { execute } from "../api/client";
import { SendReactionDocument } from "../gql/operations";
import type { Rates } from "./show";

interface ReactionBarProps {
  readonly streamId: string;
  readonly emojis: ReadonlyArray<string>;
  readonly rates: Rates;
}

/** Taps are sent together, at most so often. */
const TOGETHER_MS = 500;

/** What viewers throw at the screen, and how much of it flies. */
export function ReactionBar({ streamId, emojis, rates }: ReactionBarProps) {
  const taps = useRef(new Map<string, number>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const send = () => {
    timer.current = undefined;
    for (const [emoji, count] of taps.current) {
      // A reaction that is lost is not worth a word.
      execute(SendReactionDocument, { input: { streamId, emoji, taps: Math.min(count, 10) } }).catch(() => undefined);
    }
    taps.current.clear();
  };
  const tap = (emoji: string) => {
    taps.current.set(emoji, (taps.current.get(emoji) ?? 0) + 1);
    timer.current ??= setTimeout(send, TOGETHER_MS);
  };
  return (
    <div className="reaction-bar" role="group" aria-label="Reactions">
      {emojis.map((emoji) => {
        const perSecond = rates.find((one) => one.emoji === emoji)?.perSecond ?? 0;
        return (
          <button key={emoji} type="button" onClick={() => tap(emoji)} aria-label={`React with ${emoji}`}>
            <span aria-hidden="true">{emoji}</span>
            {perSecond > 0 && <small>{perSecond.toFixed(1)}/s</small>}
          </button>
        );
      })}
    </div>
  );
}
