import { expect, test } from "vitest";
import { offerAt } from "./skipping";

const markers = [
  { kind: "INTRO", startsAtSeconds: 0, endsAtSeconds: 30 },
  { kind: "CREDITS", startsAtSeconds: 580, endsAtSeconds: 600 },
] as const;
const next = { id: "2", name: "Second" };

test.each([
  [0, { kind: "skip", label: "Skip intro", toS: 30 }],
  [27.9, { kind: "skip", label: "Skip intro", toS: 30 }],
  [28, undefined],
  [100, undefined],
  [580, { kind: "next", titleId: "2", name: "Second" }],
  [599, undefined],
])("at %s s the offer is %o", (position, offer) => expect(offerAt(position, markers, next)).toEqual(offer));

test("without a next episode the credits are left to run", () => {
  expect(offerAt(590, markers, null)).toBeUndefined();
});
