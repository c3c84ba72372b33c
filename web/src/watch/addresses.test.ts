import { expect, test } from "vitest";
import { rebase, sessionPrefix, startPosition } from "./addresses";

const page = "https://marquee.example/watch/1";

test("a session's prefix is the folder of its manifest, also of a relative one", () => {
  expect(sessionPrefix("/play/one/manifest.mpd", page)).toBe("https://marquee.example/play/one/");
  expect(sessionPrefix("https://cdn.example/play/two/master.m3u8?x=1", page)).toBe("https://cdn.example/play/two/");
});

test("addresses move to the renewed prefix, others stay", () => {
  const [from, to] = ["https://a.example/play/one/", "https://a.example/play/two/"];
  expect(rebase("https://a.example/play/one/v/1.m4s", from, to)).toBe("https://a.example/play/two/v/1.m4s");
  expect(rebase("https://b.example/v/1.m4s", from, to)).toBe("https://b.example/v/1.m4s");
});

test.each([
  [30, 65, 30],
  [61, 65, 0],
  [0, 65, 0],
  [-1, 65, 0],
  [30, null, 30],
])("resuming at %s of %s starts at %s", (resume, duration, start) => expect(startPosition(resume, duration)).toBe(start));
