import { expect, test } from "vitest";
import { addressOf, switched, wantedOf } from "./address";

test("an address says what is wanted, and reads back the same", () => {
  const wanted = { text: "käse & co", kinds: ["MOVIE", "SERIES"], genres: ["drama"], audio: ["pt-BR"] };
  expect(wantedOf(new URLSearchParams(addressOf(wanted).split("?")[1]))).toEqual(wanted);
});

test("nothing wanted is the bare page, and what is no kind is left out", () => {
  const nothing = wantedOf(new URLSearchParams("kind=NONSENSE"));
  expect([nothing, addressOf(nothing)]).toEqual([{ text: "", kinds: [], genres: [], audio: [] }, "/search"]);
  expect(wantedOf(new URLSearchParams({ q: "x".repeat(500) })).text).toHaveLength(200);
});

test("a value is switched on and off", () => {
  const nothing = wantedOf(new URLSearchParams());
  const on = switched(nothing, "genres", "drama");
  expect(on.genres).toEqual(["drama"]);
  expect(switched(on, "genres", "drama")).toEqual(nothing);
});
