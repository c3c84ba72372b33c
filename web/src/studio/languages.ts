import { languageName } from "../ui/wording";

/** The languages a form offers, as BCP 47 tags. */
export const offeredLanguages: ReadonlyArray<string> = [
  "en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "fi", "no", "cs", "tr", "uk", "ru", "el", "he", "ar", "hi", "ja", "ko", "zh",
];

/** The same list with names, in the order of the names. */
export function languageOptions(): ReadonlyArray<{ readonly tag: string; readonly name: string }> {
  const options = offeredLanguages.map((tag) => ({ tag, name: languageName(tag) }));
  return options.sort((one, other) => one.name.localeCompare(other.name));
}

/** Guesses a side file's language from its name: `film.de.srt` and `film_DE.vtt` are German. */
export function guessLanguage(fileName: string): string | undefined {
  const parts = fileName.toLowerCase().split(/[._\- ]/).slice(1, -1).reverse();
  return parts.find((part) => offeredLanguages.includes(part));
}

/** The territories a form offers, as ISO 3166-1 alpha-2 codes; `*` is everywhere. */
export const offeredTerritories: ReadonlyArray<string> = [
  "*", "AT", "AU", "BE", "BR", "CA", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "IE", "IN", "IT", "JP", "KR", "MX", "NL", "NO", "NZ", "PL", "PT", "SE", "TR", "UA", "US", "ZA",
];
