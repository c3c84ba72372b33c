import type { CreateAssetInput, SubtitleKind } from "../gql/operations";
import { guessLanguage } from "./languages";

/** What a file beside the clip is for. */
export type SideKind = SubtitleKind | "AUDIO";

export interface SideFile {
  readonly file: File;
  readonly language: string;
  readonly kind: SideKind;
}

export const sideKinds: ReadonlyArray<{ readonly value: SideKind; readonly label: string }> = [
  { value: "SUBTITLES", label: "Subtitles" },
  { value: "CAPTIONS", label: "Captions for the hard of hearing" },
  { value: "FORCED", label: "Forced subtitles" },
  { value: "AUDIO", label: "Another language’s sound" },
];

const textFile = /\.(srt|vtt|ttml|dfxp|xml)$/i;

/** Takes a chosen file with what its name suggests. */
export function sideFileOf(file: File): SideFile {
  return { file, language: guessLanguage(file.name) ?? "en", kind: textFile.test(file.name) ? "SUBTITLES" : "AUDIO" };
}

type Tracks = Required<Pick<CreateAssetInput, "subtitles" | "audio">>;

/** Sorts uploaded side files into the two lists that the API takes. */
export function tracksOf(sides: ReadonlyArray<SideFile & { readonly uploadId: string }>): Tracks {
  const subtitles = sides.flatMap(({ uploadId, language, kind }) => (kind === "AUDIO" ? [] : [{ uploadId, language, kind }]));
  const audio = sides.flatMap(({ uploadId, language, kind }) => (kind === "AUDIO" ? [{ uploadId, language }] : []));
  return { subtitles, audio };
}
