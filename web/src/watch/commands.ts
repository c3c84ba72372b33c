/** What a key does while a film is on. */
export type Command =
  | { readonly name: "toggle-play" }
  | { readonly name: "seek-by"; readonly seconds: number }
  | { readonly name: "seek-to-part"; readonly part: number }
  | { readonly name: "volume-by"; readonly step: number }
  | { readonly name: "speed-by"; readonly step: 1 | -1 }
  | { readonly name: "mute" }
  | { readonly name: "subtitles" }
  | { readonly name: "audio" }
  | { readonly name: "fullscreen" }
  | { readonly name: "picture-in-picture" }
  | { readonly name: "help" };

export const SEEK_STEP_S = 10;
const ARROW_STEP_S = 5;
const VOLUME_STEP = 0.1;

const keys: Readonly<Record<string, Command>> = {
  " ": { name: "toggle-play" },
  k: { name: "toggle-play" },
  j: { name: "seek-by", seconds: -SEEK_STEP_S },
  l: { name: "seek-by", seconds: SEEK_STEP_S },
  ArrowLeft: { name: "seek-by", seconds: -ARROW_STEP_S },
  ArrowRight: { name: "seek-by", seconds: ARROW_STEP_S },
  ArrowUp: { name: "volume-by", step: VOLUME_STEP },
  ArrowDown: { name: "volume-by", step: -VOLUME_STEP },
  Home: { name: "seek-to-part", part: 0 },
  m: { name: "mute" },
  c: { name: "subtitles" },
  a: { name: "audio" },
  f: { name: "fullscreen" },
  p: { name: "picture-in-picture" },
  "<": { name: "speed-by", step: -1 },
  ">": { name: "speed-by", step: 1 },
  "?": { name: "help" },
};

export interface KeyPress {
  readonly key: string;
  readonly modified: boolean;
  /** The focus is on something that a space or an arrow already means something to. */
  readonly onButton: boolean;
  readonly onField: boolean;
}

/** The command of a key press, if it has one. */
export function commandFor(press: KeyPress): Command | undefined {
  if (press.modified || press.onField) return undefined;
  if (press.onButton && press.key === " ") return undefined;
  if (/^\d$/.test(press.key)) return { name: "seek-to-part", part: Number(press.key) / 10 };
  return keys[press.key.length === 1 ? press.key.toLowerCase() : press.key];
}

/** The same list, for people. */
export const shortcutHelp: ReadonlyArray<{ readonly keys: ReadonlyArray<string>; readonly does: string }> = [
  { keys: ["Space", "K"], does: "Play or pause" },
  { keys: ["←", "→"], does: "5 seconds back or on" },
  { keys: ["J", "L"], does: "10 seconds back or on" },
  { keys: ["0", "…", "9"], does: "Jump to a tenth of the film" },
  { keys: ["↑", "↓"], does: "Volume" },
  { keys: ["M"], does: "Sound on or off" },
  { keys: ["C"], does: "Subtitles on or off" },
  { keys: ["A"], does: "Next audio language" },
  { keys: ["<", ">"], does: "Slower or faster" },
  { keys: ["F"], does: "Full screen" },
  { keys: ["P"], does: "Picture in picture" },
  { keys: ["?"], does: "This list" },
];
