import { describe, expect, test } from "vitest";
import { clockTime, fileSize, languageName, remainingTime, runningTime, spokenTime, territoryName } from "./wording";

describe("clock times", () => {
  test.each([
    [0, "0:00"],
    [9.99, "0:09"],
    [65, "1:05"],
    [3599, "59:59"],
    [3729, "1:02:09"],
    [-4, "0:00"],
    [Number.NaN, "0:00"],
    [Number.POSITIVE_INFINITY, "0:00"],
  ])("%s seconds read %s", (seconds, text) => expect(clockTime(seconds)).toBe(text));

  test("are spoken in whole words", () => {
    expect(spokenTime(0)).toBe("0 seconds");
    expect(spokenTime(61)).toBe("1 minute 1 second");
    expect(spokenTime(3729)).toBe("1 hour 2 minutes 9 seconds");
  });
});

describe("lengths", () => {
  test.each([
    [48, "48 s"],
    [59.6, "1 min"],
    [720, "12 min"],
    [3600, "1 h"],
    [6120, "1 h 42 min"],
  ])("%s seconds run %s", (seconds, text) => expect(runningTime(seconds)).toBe(text));

  test("that are left never read as nothing", () => {
    expect(remainingTime(0.2)).toBe("about 1 s left");
    expect(remainingTime(180)).toBe("3 min left");
  });
});

test("languages and places have names, and unknown ones keep their tag", () => {
  expect(languageName("de")).toBe("German");
  expect(languageName("und")).toBe("Unknown language");
  expect(languageName("not a tag")).toBe("not a tag");
  expect(territoryName("JP")).toBe("Japan");
  expect(territoryName("*")).toBe("Everywhere");
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [640_000, "640 kB"],
  [12_400_000, "12.4 MB"],
  [3_100_000_000, "3.1 GB"],
])("%s bytes are %s", (bytes, text) => expect(fileSize(bytes)).toBe(text));
