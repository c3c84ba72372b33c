import { describe, expect, test } from "vitest";
import { ApiFault, ApiUnreachable } from "./client";
import { explainError, explainProblem, explainRejection } from "./problems";

describe("a refusal in plain words", () => {
  test("names what the viewer cannot have, by its first reason, and advises on all", () => {
    const said = explainProblem({ code: "ACCESS_DENIED", message: "x", reasons: ["NOT_AVAILABLE_IN_TERRITORY", "NO_GRANT"] });
    expect(said.title).toBe("Not available where you are");
    expect(said.advice).toBe(
      "We don’t hold the rights to show this title in your country. Your current plan does not include this title.",
    );
  });

  test("has words for a denial without known reasons", () => {
    expect(explainProblem({ code: "ACCESS_DENIED", message: "x", reasons: [] }).title).toBe("You can’t watch this");
  });

  test.each([
    [1, "Your plan plays one stream at a time. End one of these to watch here."],
    [3, "Your plan plays 3 streams at a time. End one of these to watch here."],
  ])("counts the streams of a plan of %s", (limit, advice) => {
    expect(explainProblem({ code: "STREAM_LIMIT_REACHED", message: "x", limit }).advice).toBe(advice);
  });

  test("tells a stream that someone ended from one that lapsed", () => {
    const titleOf = (state: "REVOKED" | "EXPIRED") => explainProblem({ code: "SESSION_ENDED", message: "x", state }).title;
    expect([titleOf("REVOKED"), titleOf("EXPIRED")]).toEqual(["Playback was ended elsewhere", "You were away for a while"]);
  });

  test("names the field of a wrong input as a person would", () => {
    const said = explainProblem({ code: "INVALID_INPUT", message: "must not be empty", field: "input.releaseYear" });
    expect(said).toEqual({ title: "Check “release year”", advice: "Must not be empty." });
  });

  test("falls back on the sentence of the API for a code it has never heard of", () => {
    expect(explainProblem({ code: "NEW_THING", message: "the moon is in the way" })).toEqual({
      title: "That didn’t work",
      advice: "The moon is in the way.",
    });
  });
});

describe("an error in plain words", () => {
  test("tells an absent service from a busy one", () => {
    expect(explainError(new ApiUnreachable("x")).title).toBe("Can’t reach Marquee");
    expect(explainError(new ApiFault("x", "UNAVAILABLE")).title).toBe("Marquee is catching its breath");
  });

  test("gives nothing of an unexpected error away", () => {
    expect(explainError(new TypeError("secret of the stack")).advice).not.toContain("secret");
  });
});

test("a clip that was turned down says what to do", () => {
  expect(explainRejection("TRUNCATED")).toBe("The file is cut off before its end. Export it again and upload the whole file.");
});
