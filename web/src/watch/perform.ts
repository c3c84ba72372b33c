import { clockTime } from "../ui/wording";
import type { Command } from "./commands";
import type { Engine } from "./engine";
import { NO_SUBTITLES } from "./tracks";

export const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

type PlayerCommand = Exclude<Command, { name: "help" | "fullscreen" | "picture-in-picture" }>;

/** Does what the key says, and says what it did. */
export function perform(engine: Engine, command: PlayerCommand): string {
  const { positionS, durationS } = engine.snapshot();
  switch (command.name) {
    case "toggle-play":
      engine.togglePlay();
      return engine.snapshot().paused ? "Paused" : "Playing";
    case "seek-by":
      engine.seek(positionS + command.seconds);
      return clockTime(engine.snapshot().positionS);
    case "seek-to-part":
      engine.seek(durationS * command.part);
      return clockTime(engine.snapshot().positionS);
    case "volume-by":
      engine.setVolume(engine.snapshot().volume + command.step);
      return `Volume ${Math.round(engine.snapshot().volume * 100)} %`;
    case "mute":
      engine.toggleMute();
      return engine.snapshot().muted ? "Sound off" : "Sound on";
    case "speed-by":
      return changeRate(engine, command.step);
    case "subtitles":
      return nextSubtitles(engine);
    case "audio":
      return nextAudio(engine);
  }
}

function changeRate(engine: Engine, step: 1 | -1): string {
  const at = RATES.findIndex((rate) => rate === engine.snapshot().rate);
  const rate = RATES[Math.min(RATES.length - 1, Math.max(0, at + step))] ?? 1;
  engine.setRate(rate);
  return `${rate} × speed`;
}

function nextSubtitles(engine: Engine): string {
  const choices = engine.snapshot().subtitles;
  const at = choices.findIndex((choice) => choice.chosen);
  const next = choices[(at + 1) % Math.max(1, choices.length)];
  if (next === undefined || choices.length < 2) return "No subtitles here";
  engine.chooseSubtitles(next.id);
  return next.id === NO_SUBTITLES ? "Subtitles off" : `Subtitles: ${next.label}`;
}

function nextAudio(engine: Engine): string {
  const choices = engine.snapshot().audio;
  const at = choices.findIndex((choice) => choice.chosen);
  const next = choices[(at + 1) % Math.max(1, choices.length)];
  if (next === undefined || choices.length < 2) return "One audio language only";
  engine.chooseAudio(next.id);
  return `Audio: ${next.label}`;
}
