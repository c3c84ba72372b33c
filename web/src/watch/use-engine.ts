import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Engine, type Source } from "./engine";
import { emptySnapshot, type PlayerSnapshot } from "./snapshot";

/** Makes a player for the video element and loads the source into it, once for as long as the element is shown. */
export function useEngine(
  video: RefObject<HTMLVideoElement | null>,
  frame: RefObject<HTMLElement | null>,
  source: Source,
): Engine | undefined {
  const [engine, setEngine] = useState<Engine>();
  const first = useRef(source);
  useEffect(() => {
    if (video.current === null || frame.current === null) return;
    const made = new Engine(video.current, frame.current);
    setEngine(made);
    void made.load(first.current);
    return () => void made.destroy();
  }, [video, frame]);
  return engine;
}

const nothingToHear = () => () => undefined;
const nothingYet = () => emptySnapshot;

export function usePlayer(engine: Engine | undefined): PlayerSnapshot {
  return useSyncExternalStore(engine?.subscribe ?? nothingToHear, engine?.snapshot ?? nothingYet);
}
