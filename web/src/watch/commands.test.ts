import { expect, test } from "vitest";
import { commandFor, shortcutHelp } from "./commands";

const plain = { modified: false, onButton: false, onField: false };

test.each([
  [" ", { name: "toggle-play" }],
  ["K", { name: "toggle-play" }],
  ["ArrowLeft", { name: "seek-by", seconds: -5 }],
  ["l", { name: "seek-by", seconds: 10 }],
  ["7", { name: "seek-to-part", part: 0.7 }],
  ["?", { name: "help" }],
  ["x", undefined],
  ["Escape", undefined],
])("the key %s means %o", (key, command) => expect(commandFor({ ...plain, key })).toEqual(command));

test("a space on a button presses the button, not the film", () => {
  expect(commandFor({ ...plain, key: " ", onButton: true })).toBeUndefined();
  expect(commandFor({ ...plain, key: "m", onButton: true })).toEqual({ name: "mute" });
});

test("keys with a modifier and keys in a field are not ours", () => {
  expect(commandFor({ ...plain, key: "f", modified: true })).toBeUndefined();
  expect(commandFor({ ...plain, key: "5", onField: true })).toBeUndefined();
});

test("the list for people names every key once", () => {
  const names = shortcutHelp.flatMap((entry) => entry.keys);
  expect(new Set(names).size).toBe(names.length);
});
