import { type RefObject, useEffect, useState } from "react";

/** How long the controls stay after the last sign of life. */
const IDLE_AFTER_MS = 3000;

/** True when nobody has moved, touched or typed for a while; never while `possible` is false. */
export function useIdle(frame: RefObject<HTMLElement | null>, possible: boolean): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wake = () => {
      setIdle(false);
      clearTimeout(timer);
      if (possible) timer = setTimeout(() => setIdle(true), IDLE_AFTER_MS);
    };
    wake();
    const signs = ["pointermove", "pointerdown", "keydown", "focusin"] as const;
    for (const sign of signs) element.addEventListener(sign, wake);
    return () => {
      clearTimeout(timer);
      for (const sign of signs) element.removeEventListener(sign, wake);
    };
  }, [frame, possible]);
  return idle && possible;
}
