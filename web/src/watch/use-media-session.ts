import { useEffect } from "react";
import { SEEK_STEP_S } from "./commands";
import type { Engine } from "./engine";
import type { Started } from "./use-viewing";

/** Names the film to the system, and obeys its media keys. */
export function useMediaSession(started: Started, engine: Engine | undefined): void {
  useEffect(() => {
    if (engine === undefined || !("mediaSession" in navigator)) return;
    const { name, poster } = started.title;
    const artwork = poster ? [{ src: new URL(poster.url, location.href).href }] : [];
    const step = (seconds: number) => () => engine.seek(engine.snapshot().positionS + seconds);
    navigator.mediaSession.metadata = new MediaMetadata({ title: name, artist: "Marquee", artwork });
    navigator.mediaSession.setActionHandler("seekbackward", step(-SEEK_STEP_S));
    navigator.mediaSession.setActionHandler("seekforward", step(SEEK_STEP_S));
    return () => {
      navigator.mediaSession.metadata = null;
      navigator.mediaSession.setActionHandler("seekbackward", null);
      navigator.mediaSession.setActionHandler("seekforward", null);
    };
  }, [started, engine]);
}
