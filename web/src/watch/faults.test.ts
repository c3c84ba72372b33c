import { expect, test } from "vitest";
import { explainFault, faultOf } from "./faults";

const error = (category: number, code: number, data: unknown[] = []) => ({ category, code, data });

test.each([
  ["a segment refused", error(1, 1001, ["https://x", 403]), "refused"],
  ["a segment missing", error(1, 1001, ["https://x", 404]), "network"],
  ["a licence refused", error(6, 6007, [error(1, 1001, ["https://x", 403])]), "refused"],
  ["a licence lost on the way", error(6, 6007, [error(1, 1002, [])]), "network"],
  ["no key system", error(6, 6001), "unsupported"],
  ["no connection", error(1, 1002), "network"],
  ["a broken manifest", error(4, 4001), "media"],
])("%s is of its kind", (_name, shaka, kind) => expect(faultOf(shaka).kind).toBe(kind));

test("an explanation carries the code for support", () => {
  expect(explainFault({ kind: "media", code: 3016 }).advice).toBe("Something in the stream was not readable. Try it again. (3016)");
});
