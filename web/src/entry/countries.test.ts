import { expect, test } from "vitest";
import { countries, countryOf } from "./countries";

test("every country is there once, with a name", () => {
  const all = countries();
  expect(all).toHaveLength(249);
  expect(new Set(all.map((country) => country.value)).size).toBe(249);
  expect(all.every((country) => country.label.length > 2)).toBe(true);
});

test.each([
  ["de", "DE"],
  ["pt-BR", "BR"],
  ["en-GB", "GB"],
  ["en", "US"],
  ["es-419", "US"],
])("%s is mostly %s", (language, country) => {
  expect(countryOf(language)).toBe(country);
});
