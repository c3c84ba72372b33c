import type { StudioAssetFragment } from "../gql/operations";
import { languageName } from "../ui/wording";

/** What came out of encoding, in one sentence. */
export function trackSummary(tracks: StudioAssetFragment["tracks"]): string {
  const heights = distinct(tracks.filter((track) => track.kind === "VIDEO").map((track) => `${track.height ?? "?"}p`));
  const audio = languages(tracks, "AUDIO");
  const text = languages(tracks, "TEXT");
  const parts = [
    heights.length > 0 ? `Picture in ${heights.join(", ")}` : "",
    audio.length > 0 ? `sound in ${audio.join(", ")}` : "",
    text.length > 0 ? `subtitles in ${text.join(", ")}` : "",
  ].filter((part) => part !== "");
  return parts.length > 0 ? `${parts.join("; ")}.` : "";
}

function languages(tracks: StudioAssetFragment["tracks"], kind: "AUDIO" | "TEXT"): ReadonlyArray<string> {
  return distinct(tracks.filter((track) => track.kind === kind).map((track) => languageName(track.language ?? "und")));
}

function distinct(values: ReadonlyArray<string>): ReadonlyArray<string> {
  return [...new Set(values)];
}
