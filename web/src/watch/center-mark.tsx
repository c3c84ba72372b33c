import { Icon } from "../ui/icon";
import type { PlayerSnapshot } from "./snapshot";

interface CenterMarkProps {
  readonly player: PlayerSnapshot;
  /** What a key just did. */
  readonly said: string;
  readonly onPlay: () => void;
}

/** The middle of the picture: waiting, a large play button while paused, and the word of the last key. */
export function CenterMark({ player, said, onPlay }: CenterMarkProps) {
  const broken = player.fault !== undefined || player.ended;
  const waiting = !broken && (!player.ready || (player.buffering && !player.paused));
  const startable = !broken && player.ready && player.paused && !waiting;
  return (
    <div className="center">
      <p className="center-said" role="status">
        {said && <span>{said}</span>}
      </p>
      {waiting && (
        <div className="center-waiting" role="status">
          <span className="visually-hidden">Loading the film</span>
        </div>
      )}
      {startable && (
        <button type="button" className="center-play" aria-label="Play" onClick={onPlay}>
          <Icon name="play" size={44} />
        </button>
      )}
    </div>
  );
}
