import { useCallback, useState } from "react";

export interface LogLine {
  readonly number: number;
  readonly at: Date;
  readonly text: string;
}

/** Older lines fall off: this is what happens now, not an archive. */
const LINES_KEPT = 100;

/** A growing list of what happened on this page, newest first. The same line twice in a row is said once. */
export function useLog(first: string): readonly [ReadonlyArray<LogLine>, (text: string) => void] {
  const [lines, setLines] = useState<ReadonlyArray<LogLine>>(() => [{ number: 1, at: new Date(), text: first }]);
  const log = useCallback((text: string) => {
    setLines((held) => {
      if (held[0]?.text === text) return held;
      const number = (held[0]?.number ?? 0) + 1;
      return [{ number, at: new Date(), text }, ...held].slice(0, LINES_KEPT);
    });
  }, []);
  return [lines, log];
}
