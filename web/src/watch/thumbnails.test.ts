import { describe, expect, test } from "vitest";
import { parseThumbnails, parseTimestamp, thumbnailAt } from "./thumbnails";

const track = "https://marquee.example/play/token/thumbnails/thumbnails.vtt";
const text = `WEBVTT

NOTE made by the encoder

00:00.000 --> 00:05.000
sprite-001.jpg#xywh=0,0,160,90

second
00:00:05.000 --> 00:00:10.000 align:start
sprite-001.jpg#xywh=160,0,160,90

00:10.000 --> 00:15.000
not a picture
`;

describe("a thumbnail track", () => {
  test("gives areas of sheets, relative to itself", () => {
    expect(parseThumbnails(text, track)).toEqual([
      { startS: 0, endS: 5, url: "https://marquee.example/play/token/thumbnails/sprite-001.jpg", x: 0, y: 0, width: 160, height: 90 },
      { startS: 5, endS: 10, url: "https://marquee.example/play/token/thumbnails/sprite-001.jpg", x: 160, y: 0, width: 160, height: 90 },
    ]);
  });

  test("may come with carriage returns", () => {
    expect(parseThumbnails(text.replaceAll("\n", "\r\n"), track)).toHaveLength(2);
  });

  test("that is not one is empty", () => {
    expect(parseThumbnails("<html>403</html>", track)).toEqual([]);
    expect(parseThumbnails("", track)).toEqual([]);
  });
});

test.each([
  ["00:01.500", 1.5],
  ["01:02:03.004", 3723.004],
  ["100:00:00.000", 360_000],
  ["00:61.000", undefined],
  ["1:00", undefined],
])("the timestamp %s is %s", (written, seconds) => expect(parseTimestamp(written)).toBe(seconds));

describe("the picture of a position", () => {
  const thumbnails = parseThumbnails(text, track);
  test.each([
    [0, 0],
    [4.99, 0],
    [5, 160],
    [500, 160],
  ])("at %s s begins at x=%s", (position, x) => expect(thumbnailAt(thumbnails, position)?.x).toBe(x));

  test("is missing without pictures", () => expect(thumbnailAt([], 3)).toBeUndefined());
});
