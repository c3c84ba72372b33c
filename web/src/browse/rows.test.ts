import { expect, test } from "vitest";
import { featured, type HomeTitle, rowsOf } from "./rows";

function title(id: string, change: Partial<HomeTitle> = {}): HomeTitle {
  return {
    id,
    kind: "MOVIE",
    state: "PUBLISHED",
    name: id,
    synopsis: "",
    releaseYear: 2026,
    maturityAge: 0,
    durationSeconds: 60,
    resumePositionSeconds: null,
    audioLanguages: ["en"],
    textLanguages: [],
    publishedAt: `2026-11-0${id}T00:00:00Z`,
    poster: null,
    backdrop: null,
    ...change,
  };
}

test("the newest come first, and a row that repeats another or holds one title is left out", () => {
  const rows = rowsOf([title("1"), title("3", { kind: "CLIP" }), title("2", { audioLanguages: ["en", "de"] })]);
  expect(rows.map((row) => [row.heading, row.titles.map((one) => one.id)])).toEqual([
    ["New on Marquee", ["3", "2", "1"]],
    ["Films", ["1", "2"]],
  ]);
});

test("drafts are not shown", () => {
  expect(rowsOf([title("1", { state: "DRAFT" })])).toEqual([]);
  expect(featured([title("1", { state: "DRAFT" })])).toBeUndefined();
});

test("the big screen takes the newest title with a picture", () => {
  const backdrop = { url: "/posters/2/1280.jpg" };
  expect(featured([title("1", { backdrop }), title("2", { backdrop }), title("3")])?.id).toBe("2");
  expect(featured([title("1"), title("2")])?.id).toBe("2");
});
