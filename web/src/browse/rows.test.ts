import { expect, test } from "vitest";
import type { ShelfFragment } from "../gql/operations";
import { extended, featured, type HomeTitle, newest, rowsOf } from "./rows";

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
    publishedAt: "2026-01-01T00:00:00Z",
    poster: null,
    backdrop: null,
    ...change,
  };
}

function page(ids: ReadonlyArray<string>, endCursor?: string) {
  return { nodes: ids.map((id) => title(id)), pageInfo: { hasNextPage: endCursor !== undefined, endCursor: endCursor ?? null } };
}

function shelf(id: string, change: Partial<ShelfFragment> = {}): ShelfFragment {
  return { id, title: id, kind: "EDITORIAL", titles: page(["1", "2"]), ...change };
}

test("rows come as they were arranged, without empty ones and what was left unfinished", () => {
  const rows = rowsOf([
    shelf("picks"),
    shelf("resume", { kind: "CONTINUE_WATCHING" }),
    shelf("broken", { titles: null }),
    shelf("empty", { titles: page([]) }),
    shelf("long", { titles: page(["3"], "c3") }),
  ]);
  expect(rows.map((row) => [row.heading, row.titles.map((one) => one.id), row.after])).toEqual([
    ["picks", ["1", "2"], undefined],
    ["long", ["3"], "c3"],
  ]);
});

test("a page more is added once, and the last page ends the row", () => {
  const [row] = rowsOf([shelf("long", { titles: page(["1", "2"], "c2") })]);
  if (row === undefined) throw new Error("there is a row");
  const longer = extended(row, page(["2", "3"]));
  expect([longer.titles.map((one) => one.id), longer.after]).toEqual([["1", "2", "3"], undefined]);
  expect(extended(row, null).after).toBeUndefined();
});

test("drafts stay out of sight", () => {
  expect(newest([title("1", { state: "DRAFT" })])).toEqual([]);
  expect(newest([title("1"), title("2", { state: "WITHDRAWN" })])[0]?.titles.map((one) => one.id)).toEqual(["1"]);
});

test("the big screen prefers a title with a picture", () => {
  const rows = newest([title("1"), title("2", { backdrop: { url: "x" } })]);
  expect([featured(rows)?.id, featured([])]).toEqual(["2", undefined]);
});
