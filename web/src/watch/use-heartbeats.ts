import { type RefObject, useEffect, useRef } from "react";
import { execute } from "../api/client";
import type { Problem } from "../api/problems";
import { HeartbeatPlaybackDocument, StopPlaybackDocument } from "../gql/operations";
import { sessionPrefix } from "./addresses";
import type { Engine } from "./engine";
import { type Beat, type BeatOutcome, Heartbeats } from "./heartbeats";
import type { Started } from "./use-viewing";

interface Callbacks {
  readonly format: "dash" | "hls";
  readonly onOver: (problem: Problem) => void;
  /** The page came back from the browser's memory; its session was ended when it went. */
  readonly onReturn: () => void;
}

/** Keeps the session alive while the player is shown, and says goodbye when it goes. */
export function useHeartbeats(engine: Engine | undefined, started: Started, callbacks: Callbacks): RefObject<Heartbeats | undefined> {
  const heartbeats = useRef<Heartbeats>(undefined);
  const latest = useRef(callbacks);
  latest.current = callbacks;

  useEffect(() => {
    if (engine === undefined) return;
    const held = new Heartbeats(
      {
        observe: () => observe(engine),
        send: (beat) => sendBeat(started, beat, engine, latest.current),
        sendStop: (last) => sendStop(started.session.id, last),
        schedule: (run, delayMs) => {
          const timer = setTimeout(run, delayMs);
          return () => clearTimeout(timer);
        },
      },
      started.heartbeatIntervalSeconds * 1000,
    );
    heartbeats.current = held;
    held.start();
    const unlisten = listenToPage(held, () => latest.current.onReturn());
    return () => {
      unlisten();
      held.stop();
    };
  }, [engine, started]);
  return heartbeats;
}

function observe(engine: Engine) {
  const { positionS, paused, buffering } = engine.snapshot();
  const playing = buffering ? "BUFFERING" : "PLAYING";
  return { positionSeconds: positionS, state: paused ? "PAUSED" : playing } as const;
}

/** A hidden page may never come back: tell the position at once. A page that goes ends its session. */
function listenToPage(heartbeats: Heartbeats, onReturn: () => void): () => void {
  const onHidden = () => {
    if (document.visibilityState === "hidden") heartbeats.beatNow();
  };
  const onLeave = () => heartbeats.stop();
  const onShow = (event: PageTransitionEvent) => {
    if (event.persisted) onReturn();
  };
  document.addEventListener("visibilitychange", onHidden);
  window.addEventListener("pagehide", onLeave);
  window.addEventListener("pageshow", onShow);
  return () => {
    document.removeEventListener("visibilitychange", onHidden);
    window.removeEventListener("pagehide", onLeave);
    window.removeEventListener("pageshow", onShow);
  };
}

async function sendBeat(started: Started, beat: Beat, engine: Engine, callbacks: Callbacks): Promise<BeatOutcome> {
  try {
    const input = { sessionId: started.session.id, ...beat };
    const { heartbeatPlayback } = await execute(HeartbeatPlaybackDocument, { input }, { keepalive: true });
    if (heartbeatPlayback.__typename === "PlaybackHeartbeat") {
      const prefix = (manifests: Started["manifests"]) => sessionPrefix(manifests[callbacks.format], location.href);
      engine.movePrefix(prefix(started.manifests), prefix(heartbeatPlayback.manifests));
      return "accepted";
    }
    // A newer beat has already been heard: this one changes nothing, and the next one has a higher number.
    if (heartbeatPlayback.__typename === "StaleSequence") return "accepted";
    callbacks.onOver(heartbeatPlayback);
    return "over";
  } catch {
    // Nobody answered: the lease outlasts a few missed beats, and the next one tries again.
    return "lost";
  }
}

function sendStop(sessionId: string, last: { readonly sequence: number; readonly positionSeconds: number }): void {
  const nobodyLeftToTell = () => undefined;
  execute(StopPlaybackDocument, { input: { sessionId, ...last } }, { keepalive: true }).catch(nobodyLeftToTell);
}
