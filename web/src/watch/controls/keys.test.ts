import { expect, test } from "vitest";
import { focusStep } from "./focus-step";
import { seekTarget } from "./seek-keys";

test.each([
  ["ArrowDown", 2, 0],
  ["ArrowUp", 0, 2],
  ["Home", 1, 0],
  ["End", 0, 2],
  ["x", 1, undefined],
])("%s from line %s of three goes to %s", (key, at, next) => expect(focusStep(key, at, 3)).toBe(next));

test("an empty menu has nowhere to go", () => expect(focusStep("ArrowDown", -1, 0)).toBeUndefined());

test.each([
  ["ArrowRight", 98, 100],
  ["ArrowLeft", 3, 0],
  ["PageUp", 50, 60],
  ["PageDown", 5, 0],
  ["Home", 50, 0],
  ["End", 50, 100],
  ["k", 50, undefined],
])("%s on the seek bar at %s goes to %s", (key, at, target) => expect(seekTarget(key, at, 100)).toBe(target));
