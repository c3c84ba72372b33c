import { useEffect, useReducer, useState } from "react";
import { follow } from "../api/subscribe";
import { StreamEventsDocument } from "../gql/operations";
import { after, emptyShow, type Show } from "./show";

export interface Following {
  readonly show: Show;
  /** Why it is not followed any more. */
  readonly ended: string | undefined;
}

/** Follows everything that happens in a stream. */
export function useShow(streamId: string): Following {
  const [show, tell] = useReducer(after, emptyShow);
  const [ended, setEnded] = useState<string>();
  useEffect(
    () =>
      follow(StreamEventsDocument, { streamId }, {
        next: ({ streamEvents }) => tell(streamEvents),
        ended: (problem) => setEnded(problem ?? "The show is over."),
      }),
    [streamId],
  );
  return { show, ended };
}

const TICK_MS = 200;

/** What is on air where this viewer's playhead is, a few times a second; the wall clock while nothing live plays. */
export function usePlayhead(programmeTime: () => Date | undefined): Date {
  const [playhead, setPlayhead] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setPlayhead(programmeTime() ?? new Date()), TICK_MS);
    return () => clearInterval(timer);
  }, [programmeTime]);
  return playhead;
}
