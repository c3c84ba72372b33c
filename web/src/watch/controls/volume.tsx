import type { Engine } from "../engine";
import type { PlayerSnapshot } from "../snapshot";
import { ControlButton } from "./control-button";

interface VolumeProps {
  readonly player: PlayerSnapshot;
  readonly engine: Engine;
}

export function Volume({ player, engine }: VolumeProps) {
  const heard = player.muted ? 0 : player.volume;
  return (
    <div className="volume">
      <ControlButton
        icon={heard === 0 ? "muted" : "volume"}
        label={player.muted ? "Sound on" : "Sound off"}
        onPress={() => engine.toggleMute()}
      />
      <input
        type="range"
        className="volume-slider"
        aria-label="Volume"
        aria-valuetext={`${Math.round(heard * 100)} %`}
        min={0}
        max={1}
        step={0.05}
        value={heard}
        style={{ "--part": heard }}
        onChange={(event) => engine.setVolume(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}
