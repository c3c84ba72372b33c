import type { Fault } from "./faults";
import type { Choice } from "./tracks";

/** Everything the controls show. Times in seconds, volume from 0 to 1. */
export interface PlayerSnapshot {
  readonly ready: boolean;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly buffering: boolean;
  readonly positionS: number;
  /** Live, the instant of the programme at the playhead, in milliseconds since 1970. */
  readonly programmeAtMs: number | undefined;
  readonly durationS: number;
  readonly bufferedS: number;
  readonly volume: number;
  readonly muted: boolean;
  readonly rate: number;
  readonly qualities: ReadonlyArray<Choice>;
  readonly audio: ReadonlyArray<Choice>;
  readonly subtitles: ReadonlyArray<Choice>;
  readonly fault: Fault | undefined;
}

export const emptySnapshot: PlayerSnapshot = {
  ready: false,
  paused: true,
  ended: false,
  buffering: true,
  positionS: 0,
  programmeAtMs: undefined,
  durationS: 0,
  bufferedS: 0,
  volume: 1,
  muted: false,
  rate: 1,
  qualities: [],
  audio: [],
  subtitles: [],
  fault: undefined,
};

/** Reads what the video element itself knows. */
export function readVideo(video: HTMLVideoElement): Partial<PlayerSnapshot> {
  return {
    ready: video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA,
    paused: video.paused,
    ended: video.ended,
    positionS: video.currentTime,
    durationS: Number.isFinite(video.duration) ? video.duration : 0,
    bufferedS: bufferedUntil(video),
    volume: video.volume,
    muted: video.muted,
    rate: video.playbackRate,
  };
}

function bufferedUntil(video: HTMLVideoElement): number {
  for (let index = 0; index < video.buffered.length; index += 1) {
    const holds = video.buffered.start(index) <= video.currentTime + 0.5 && video.currentTime <= video.buffered.end(index);
    if (holds) return video.buffered.end(index);
  }
  return video.currentTime;
}
