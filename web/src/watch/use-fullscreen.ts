import { type RefObject, useCallback, useEffect, useState } from "react";

export interface Fullscreen {
  readonly active: boolean;
  readonly toggle: () => void;
}

/** Phones from Apple show only the video element itself over the whole screen. */
interface AppleVideo extends HTMLVideoElement {
  readonly webkitEnterFullscreen?: () => void;
}

/** Shows the stage with its controls over the whole screen. */
export function useFullscreen(frame: RefObject<HTMLElement | null>, video: RefObject<AppleVideo | null>): Fullscreen {
  const [active, setActive] = useState(false);
  useEffect(() => {
    const changed = () => setActive(document.fullscreenElement === frame.current);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, [frame]);

  const toggle = useCallback(() => {
    const stayAsItIs = () => undefined;
    if (document.fullscreenElement) void document.exitFullscreen().catch(stayAsItIs);
    else if (document.fullscreenEnabled) void frame.current?.requestFullscreen().catch(stayAsItIs);
    else video.current?.webkitEnterFullscreen?.();
  }, [frame, video]);
  return { active, toggle };
}
