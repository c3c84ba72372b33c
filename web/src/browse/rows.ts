import type { HomeQuery } from "../gql/operations";

export type HomeTitle = HomeQuery["titles"]["nodes"][number];

export interface HomeRow {
  readonly heading: string;
  readonly titles: ReadonlyArray<HomeTitle>;
}

const NEWEST_SHOWN = 20;

/** The rows of the home page. A row of one title would only repeat another row, so it is left out. */
export function rowsOf(titles: ReadonlyArray<HomeTitle>): ReadonlyArray<HomeRow> {
  const shown = titles.filter((title) => title.state === "PUBLISHED");
  const newest = [...shown].sort((one, other) => published(other) - published(one)).slice(0, NEWEST_SHOWN);
  const themed: HomeRow[] = [
    { heading: "Films", titles: shown.filter((title) => title.kind === "MOVIE") },
    { heading: "Episodes", titles: shown.filter((title) => title.kind === "EPISODE") },
    { heading: "Short and sweet", titles: shown.filter((title) => title.kind === "CLIP") },
    { heading: "In more than one language", titles: shown.filter((title) => title.audioLanguages.length > 1) },
    { heading: "With subtitles", titles: shown.filter((title) => title.textLanguages.length > 0) },
  ];
  const worth = themed.filter((row) => row.titles.length > 1);
  return newest.length === 0 ? [] : [{ heading: "New on Marquee", titles: newest }, ...distinct(worth, newest.length)];
}

/** The title on the big screen: the newest one that has a picture, else the newest. */
export function featured(titles: ReadonlyArray<HomeTitle>): HomeTitle | undefined {
  const newest = rowsOf(titles)[0]?.titles ?? [];
  return newest.find((title) => title.backdrop !== null) ?? newest[0];
}

/** Drops rows that show the very same titles as a row before them. */
function distinct(rows: ReadonlyArray<HomeRow>, everything: number): ReadonlyArray<HomeRow> {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = row.titles.map((title) => title.id).join();
    if (seen.has(key) || row.titles.length === everything) return false;
    seen.add(key);
    return true;
  });
}

function published(title: HomeTitle): number {
  return title.publishedAt ? Date.parse(title.publishedAt) : 0;
}
