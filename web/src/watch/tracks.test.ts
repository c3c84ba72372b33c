import { expect, test } from "vitest";
import { audioChoices, bestByHeight, qualityChoices, subtitleChoices } from "./tracks";

const videos = [
  { active: false, height: 360, bandwidth: 500_000 },
  { active: true, height: 1080, bandwidth: 4_000_000 },
  { active: false, height: 1080, bandwidth: 3_000_000 },
];

test("each height is offered once, the best of it, tallest first", () => {
  expect(bestByHeight(videos).map((track) => [track.height, track.bandwidth])).toEqual([
    [1080, 4_000_000],
    [360, 500_000],
  ]);
});

test("automatic quality says what it has picked", () => {
  expect(qualityChoices(videos, true)).toEqual([
    { id: "auto", label: "Automatic", chosen: true, detail: "now 1080p" },
    { id: "1080", label: "1080p", detail: "Full HD", chosen: false },
    { id: "360", label: "360p", chosen: false },
  ]);
});

test("a quality chosen by hand is the chosen one", () => {
  const chosen = qualityChoices(videos, false).filter((choice) => choice.chosen);
  expect(chosen.map((choice) => choice.id)).toEqual(["1080"]);
});

test("audio is named by language, with what sets it apart", () => {
  const track = { active: true, language: "de", label: "German", channelsCount: 2, roles: [] };
  const described = { ...track, active: false, label: "Hörfilm", channelsCount: 6, roles: ["description"] };
  expect(audioChoices([track, described]).map(({ label, detail }) => [label, detail])).toEqual([
    ["German", undefined],
    ["German", "Hörfilm, 5.1, described"],
  ]);
});

test("subtitles can be off, and forced ones are not offered", () => {
  const track = { id: 7, active: false, language: "en", label: "English", kind: "subtitles", roles: [], forced: false };
  const choices = subtitleChoices([track, { ...track, id: 8, forced: true }, { ...track, id: 9, kind: "captions", active: true }]);
  expect(choices).toEqual([
    { id: "off", label: "Off", chosen: false },
    { id: "7", label: "English", chosen: false },
    { id: "9", label: "English", chosen: true, detail: "for the hard of hearing" },
  ]);
});
