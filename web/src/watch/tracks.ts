import { languageName } from "../ui/wording";

/** One line of a menu. */
export interface Choice {
  readonly id: string;
  readonly label: string;
  readonly detail?: string;
  readonly chosen: boolean;
}

export interface VideoLike {
  readonly active: boolean;
  readonly height: number | null;
  readonly bandwidth: number;
}

export interface AudioLike {
  readonly active: boolean;
  readonly language: string;
  readonly label: string | null;
  readonly channelsCount: number | null;
  readonly roles: ReadonlyArray<string>;
}

export interface TextLike {
  readonly id: number;
  readonly active: boolean;
  readonly language: string;
  readonly label: string | null;
  readonly kind: string | null;
  readonly roles: ReadonlyArray<string>;
  readonly forced: boolean;
}

export const AUTOMATIC = "auto";
export const NO_SUBTITLES = "off";

/** Keeps the best rendition of each height, tallest first. */
export function bestByHeight<Track extends VideoLike>(tracks: ReadonlyArray<Track>): ReadonlyArray<Track> {
  const best = new Map<number, Track>();
  for (const track of tracks) {
    const held = best.get(track.height ?? 0);
    if (held === undefined || track.bandwidth > held.bandwidth) best.set(track.height ?? 0, track);
  }
  return [...best.values()].sort((one, other) => (other.height ?? 0) - (one.height ?? 0));
}

export function qualityChoices(tracks: ReadonlyArray<VideoLike>, automatic: boolean): ReadonlyArray<Choice> {
  const active = tracks.find((track) => track.active)?.height ?? null;
  const now = automatic && active !== null ? { detail: `now ${active}p` } : {};
  const fixed = bestByHeight(tracks).map((track) => ({
    id: String(track.height ?? 0),
    label: `${track.height ?? "?"}p`,
    ...qualityName(track.height ?? 0),
    chosen: !automatic && track.height === active,
  }));
  return [{ id: AUTOMATIC, label: "Automatic", chosen: automatic, ...now }, ...fixed];
}

function qualityName(height: number): { readonly detail?: string } {
  if (height >= 2160) return { detail: "UHD" };
  if (height >= 1080) return { detail: "Full HD" };
  return height >= 720 ? { detail: "HD" } : {};
}

export function audioId(track: AudioLike): string {
  return [track.language, track.label ?? "", track.channelsCount ?? "", track.roles.join("+")].join("|");
}

export function audioChoices(tracks: ReadonlyArray<AudioLike>): ReadonlyArray<Choice> {
  return tracks.map((track) => {
    const details = [extraLabel(track), channels(track.channelsCount), described(track.roles)].filter((part) => part !== "");
    const detail = details.length > 0 ? { detail: details.join(", ") } : {};
    return { id: audioId(track), label: languageName(track.language), chosen: track.active, ...detail };
  });
}

export function subtitleChoices(tracks: ReadonlyArray<TextLike>): ReadonlyArray<Choice> {
  const offered = tracks
    .filter((track) => !track.forced)
    .map((track) => {
      const spoken = isCaptions(track) ? { detail: "for the hard of hearing" } : {};
      return { id: String(track.id), label: languageName(track.language), chosen: track.active, ...spoken };
    });
  const none = offered.every((choice) => !choice.chosen);
  return [{ id: NO_SUBTITLES, label: "Off", chosen: none }, ...offered];
}

function isCaptions(track: TextLike): boolean {
  return track.kind === "captions" || track.roles.includes("caption") || /\b(CC|SDH)\b/.test(track.label ?? "");
}

function extraLabel(track: AudioLike): string {
  const label = track.label ?? "";
  const said = [track.language, languageName(track.language)].map((name) => name.toLowerCase());
  return said.includes(label.toLowerCase()) ? "" : label;
}

function channels(count: number | null): string {
  if (count === 6) return "5.1";
  return count === 8 ? "7.1" : "";
}

function described(roles: ReadonlyArray<string>): string {
  return roles.includes("description") ? "described" : "";
}
