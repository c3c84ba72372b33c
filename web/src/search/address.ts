import type { SearchFilters, TitleKind } from "../gql/operations";

/** What a search page shows, as its address says it. */
export interface Wanted {
  readonly text: string;
  readonly kinds: ReadonlyArray<string>;
  readonly genres: ReadonlyArray<string>;
  readonly audio: ReadonlyArray<string>;
}

/** A facet, by its name in the address. */
export type FacetName = "kinds" | "genres" | "audio";

export const TEXT_MAX_CHARS = 200;

const kinds: ReadonlyArray<string> = [
  "MOVIE",
  "SERIES",
  "SEASON",
  "EPISODE",
  "CLIP",
  "LIVE_EVENT",
  "CHANNEL",
] satisfies TitleKind[];

export function wantedOf(query: URLSearchParams): Wanted {
  return {
    text: (query.get("q") ?? "").slice(0, TEXT_MAX_CHARS),
    kinds: query.getAll("kind").filter((kind) => kinds.includes(kind)),
    genres: query.getAll("genre"),
    audio: query.getAll("audio"),
  };
}

export function addressOf(wanted: Wanted): string {
  const query = new URLSearchParams();
  if (wanted.text !== "") query.set("q", wanted.text);
  for (const kind of wanted.kinds) query.append("kind", kind);
  for (const genre of wanted.genres) query.append("genre", genre);
  for (const language of wanted.audio) query.append("audio", language);
  const written = query.toString();
  return written === "" ? "/search" : `/search?${written}`;
}

export function filtersOf(wanted: Wanted): SearchFilters {
  return {
    kinds: wanted.kinds as ReadonlyArray<TitleKind>,
    genres: wanted.genres,
    audioLanguages: wanted.audio,
  };
}

/** The same with one value of a facet switched. */
export function switched(wanted: Wanted, facet: FacetName, value: string): Wanted {
  const held = wanted[facet];
  const next = held.includes(value) ? held.filter((one) => one !== value) : [...held, value];
  return { ...wanted, [facet]: next };
}
