import { expect, test } from "vitest";
import { creditLines, episodeName, leaving, partOf } from "./around";

const NOW = Date.parse("2026-01-01T00:00:00Z");

test("people stand in one line for each thing they did", () => {
  const credit = (role: "ACTOR" | "DIRECTOR", name: string, character: string | null = null) => ({
    role,
    character,
    person: { id: name, name },
  });
  expect(creditLines([credit("DIRECTOR", "Ada"), credit("ACTOR", "Bob", "Saga"), credit("ACTOR", "Ada")])).toEqual([
    ["Directed by", ["Ada"]],
    ["With", ["Bob as Saga", "Ada"]],
  ]);
});

test("a part says what it is a part of", () => {
  const series = { id: "1", name: "Show" };
  const season = { id: "2", name: "x", number: 2 };
  expect(partOf({ kind: "EPISODE", series, season, number: 3 })).toBe("Show · Season 2 · Episode 3");
  expect(partOf({ kind: "EPISODE", series, season: null, number: 0 })).toBe("Show · Episode 0");
  expect(partOf({ kind: "SEASON", series, season: null, number: 1 })).toBe("Show · Season 1");
  expect(partOf({ kind: "MOVIE", series: null, season: null, number: null })).toBeUndefined();
});

test.each([
  ["2026-01-01T10:00:00Z", "Leaves within a day"],
  ["2026-01-02T10:00:00Z", "Leaves in a day"],
  ["2026-01-08T00:00:00Z", "Leaves in 7 days"],
  ["2026-02-01T00:00:00Z", undefined],
  ["2025-12-31T00:00:00Z", undefined],
  [null, undefined],
])("a window that closes at %s is told as %s", (closesAt, said) => expect(leaving(closesAt, NOW)).toBe(said));

test("episodes are numbered where they have a number", () => {
  expect([episodeName({ number: 4, name: "Dusk" }), episodeName({ name: "Dusk" })]).toEqual(["4. Dusk", "Dusk"]);
});
