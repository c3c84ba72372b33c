import { Icon } from "../../ui/icon";
import { clockTime } from "../../ui/wording";
import { SEEK_STEP_S } from "../commands";
import type { Engine } from "../engine";
import type { PlayerSnapshot } from "../snapshot";
import type { Fullscreen } from "../use-fullscreen";
import type { StageControl } from "../use-stage-control";
import type { Started } from "../use-viewing";
import { ControlButton } from "./control-button";
import { SeekBar } from "./seek-bar";
import { TrackMenus } from "./track-menus";
import { Volume } from "./volume";
import "./control-bar.css";

interface ControlBarProps {
  readonly engine: Engine;
  readonly player: PlayerSnapshot;
  readonly started: Started;
  readonly control: StageControl;
  readonly fullscreen: Fullscreen;
}

export function ControlBar({ engine, player, started, control, fullscreen }: ControlBarProps) {
  return (
    <div className="control-bar" role="group" aria-label="Player">
      <SeekBar player={player} thumbnailsUrl={started.thumbnailsUrl ?? undefined} onSeek={(to) => engine.seek(to)} />
      <div className="control-row">
        <ControlButton
          icon={player.paused ? "play" : "pause"}
          label={player.paused ? "Play" : "Pause"}
          onPress={() => engine.togglePlay()}
        />
        <SeekButton engine={engine} player={player} seconds={-SEEK_STEP_S} />
        <SeekButton engine={engine} player={player} seconds={SEEK_STEP_S} />
        <Volume player={player} engine={engine} />
        <p className="control-time">
          <span className="visually-hidden">Position </span>
          {clockTime(player.positionS)} <span className="control-time-total">/ {clockTime(Math.round(player.durationS))}</span>
        </p>
        <TrackMenus engine={engine} player={player} onOpen={control.pin} />
        {document.pictureInPictureEnabled && (
          <ControlButton icon="pip" label="Picture in picture" wide onPress={control.togglePictureInPicture} />
        )}
        <ControlButton
          icon={fullscreen.active ? "shrink" : "expand"}
          label={fullscreen.active ? "Leave full screen" : "Full screen"}
          onPress={fullscreen.toggle}
        />
      </div>
    </div>
  );
}

interface SeekButtonProps {
  readonly engine: Engine;
  readonly player: PlayerSnapshot;
  readonly seconds: number;
}

function SeekButton({ engine, player, seconds }: SeekButtonProps) {
  const label = seconds < 0 ? `${-seconds} seconds back` : `${seconds} seconds on`;
  return (
    <button
      type="button"
      className="control control-wide"
      aria-label={label}
      title={label}
      onClick={() => engine.seek(player.positionS + seconds)}
    >
      <span className={seconds < 0 ? "seek-step" : "seek-step seek-step-on"}>
        <Icon name="replay" size={28} />
      </span>
      <span className="seek-step-size" aria-hidden="true">
        {Math.abs(seconds)}
      </span>
    </button>
  );
}
