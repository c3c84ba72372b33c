import { expect, test } from "vitest";
import { guessLanguage } from "./languages";
import { isWorking, progressLine, progressSummary } from "./progress-words";
import { sideFileOf, tracksOf } from "./side-files";
import { trackSummary } from "./track-summary";

test.each([
  ["film.de.srt", "de"],
  ["Film_FR.vtt", "fr"],
  ["en.srt", undefined],
  ["my movie.srt", undefined],
  ["show-s01-ja-forced.ttml", "ja"],
])("the language of %s is %s", (name, language) => expect(guessLanguage(name)).toBe(language));

test("side files are sorted into what the API takes", () => {
  const text = { ...sideFileOf(new File([], "film.de.srt")), uploadId: "u1" };
  const sound = { ...sideFileOf(new File([], "film.fr.m4a")), uploadId: "u2" };
  expect(tracksOf([text, sound])).toEqual({
    subtitles: [{ uploadId: "u1", language: "de", kind: "SUBTITLES" }],
    audio: [{ uploadId: "u2", language: "fr" }],
  });
});

const report = { state: "ENCODING", fraction: 0.425, chunksDone: 3, chunksTotal: 8, speed: 2.43, remainingSeconds: 38 } as const;

test("progress reads as a sentence", () => {
  expect(progressLine(report)).toBe("Encoding: 3 of 8 parts done");
  expect(progressSummary(report)).toBe("Encoding, 43 %, 2.4 × real time, about 38 s left");
  expect(progressLine({ ...report, state: "PROBING" })).toBe("Reading the clip to see what is in it");
});

test("only three states are under way", () => {
  expect((["PROBING", "ENCODING", "PACKAGING", "READY", "REJECTED", "FAILED", "CANCELLED"] as const).filter(isWorking)).toEqual([
    "PROBING",
    "ENCODING",
    "PACKAGING",
  ]);
});

test("what came out of encoding is one sentence", () => {
  const track = { language: null, label: "", height: null };
  const tracks = [
    { ...track, kind: "VIDEO", height: 1080 },
    { ...track, kind: "VIDEO", height: 360 },
    { ...track, kind: "AUDIO", language: "en" },
    { ...track, kind: "TEXT", language: "de" },
  ] as const;
  expect(trackSummary(tracks)).toBe("Picture in 1080p, 360p; sound in English; subtitles in German.");
});
