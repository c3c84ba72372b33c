import { type RefObject, useEffect } from "react";
import type { Heartbeats } from "./heartbeats";
import type { PlayerSnapshot } from "./snapshot";

/**
 * Tells the API at once when the film is paused, and ends the session when it has run to its end.
 * When media is refused, the answer to a beat says why.
 */
export function useTelling(player: PlayerSnapshot, heartbeats: RefObject<Heartbeats | undefined>): void {
  const { ended, paused, ready } = player;
  const refused = player.fault?.kind === "refused";
  useEffect(() => {
    if (!ready) return;
    if (ended) heartbeats.current?.stop();
    else heartbeats.current?.beatNow();
  }, [ended, paused, ready, refused, heartbeats]);
}
