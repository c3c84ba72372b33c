import { expect, test } from "vitest";
import { askedAfterProvider, onwardTo } from "./onward";

test("an app that sends somebody to sign in gets them back", () => {
  const next = "/oauth/authorize?client_id=app&state=a%20b";
  expect(onwardTo(new URLSearchParams({ next }))).toBe(next);
});

test.each(["https://evil.example/oauth/authorize?", "//evil.example", "/oauth/authorize", "/account", "javascript:alert(1)", ""])("nobody is sent on to %s", (next) => {
  expect(onwardTo(new URLSearchParams({ next }))).toBeUndefined();
});

test("the second factor is asked of who came back from a provider", () => {
  expect(askedAfterProvider("#challenge=abc&methods=TOTP%2CPASSKEY&next=%2F")).toEqual({ challenge: "abc", methods: ["TOTP", "PASSKEY"] });
  expect(askedAfterProvider("")).toBeUndefined();
  expect(askedAfterProvider("#challenge=abc&methods=")).toBeUndefined();
});
