import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { clockTime, spokenTime } from "../../ui/wording";
import type { PlayerSnapshot } from "../snapshot";
import { thumbnailAt } from "../thumbnails";
import { seekTarget } from "./seek-keys";
import { ThumbnailPreview } from "./thumbnail-preview";
import { useThumbnails } from "./use-thumbnails";
import "./seek-bar.css";

interface SeekBarProps {
  readonly player: PlayerSnapshot;
  readonly thumbnailsUrl: string | undefined;
  readonly onSeek: (positionS: number) => void;
}

/** The film as a line: drag it, press it, or use the arrow keys; a picture shows where you would land. */
export function SeekBar({ player, thumbnailsUrl, onSeek }: SeekBarProps) {
  const [pointedS, setPointed] = useState<number>();
  const [dragging, setDragging] = useState(false);
  const [focused, setFocused] = useState(false);
  const thumbnails = useThumbnails(thumbnailsUrl);
  const { durationS } = player;
  const shownS = dragging && pointedS !== undefined ? pointedS : player.positionS;
  const previewS = pointedS ?? (focused ? player.positionS : undefined);

  const pointAt = (event: PointerEvent<HTMLDivElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return part * durationS;
  };
  const onMove = (event: PointerEvent<HTMLDivElement>) => setPointed(pointAt(event));
  const onDown = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    setDragging(true);
    setPointed(pointAt(event));
  };
  const onUp = (event: PointerEvent<HTMLDivElement>) => {
    if (dragging) onSeek(pointAt(event));
    leave(event);
  };
  const leave = (event: PointerEvent<HTMLDivElement>) => {
    setDragging(false);
    if (event.pointerType !== "mouse" || event.type !== "pointerup") setPointed(undefined);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const target = seekTarget(event.key, player.positionS, durationS);
    if (target === undefined) return;
    event.preventDefault();
    onSeek(target);
  };
  return (
    <div
      className="seek"
      role="slider"
      tabIndex={0}
      aria-label="Position in the film"
      aria-valuemin={0}
      aria-valuemax={Math.round(durationS)}
      aria-valuenow={Math.round(shownS)}
      aria-valuetext={`${spokenTime(shownS)} of ${spokenTime(durationS)}`}
      data-dragging={dragging}
      style={{ "--played": part(shownS, durationS), "--buffered": part(player.bufferedS, durationS) }}
      onPointerMove={onMove}
      onPointerDown={onDown}
      onPointerUp={onUp}
      onPointerLeave={leave}
      onPointerCancel={leave}
      onFocus={(event) => setFocused(event.currentTarget.matches(":focus-visible"))}
      onBlur={() => setFocused(false)}
      onKeyDown={onKeyDown}
    >
      <span className="seek-line">
        <span className="seek-buffered" />
        <span className="seek-played" />
      </span>
      <span className="seek-knob" />
      {previewS !== undefined && durationS > 0 && (
        <ThumbnailPreview
          part={part(previewS, durationS)}
          time={clockTime(previewS)}
          thumbnail={thumbnailAt(thumbnails, previewS)}
        />
      )}
    </div>
  );
}

function part(positionS: number, durationS: number): number {
  return durationS > 0 ? Math.min(1, Math.max(0, positionS / durationS)) : 0;
}
