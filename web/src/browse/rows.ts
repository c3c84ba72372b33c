import type { HomeTitleFragment, ShelfFragment, ShelfPageFragment } from "../gql/operations";

export type HomeTitle = HomeTitleFragment;

/** A row of cards. `after` is where it goes on; without one it is whole. */
export interface HomeRow {
  readonly id: string;
  readonly heading: string;
  readonly titles: ReadonlyArray<HomeTitle>;
  readonly after: string | undefined;
}

/** The rows as they were arranged; what was left unfinished has a row of its own on the page. */
export function rowsOf(shelves: ReadonlyArray<ShelfFragment>): ReadonlyArray<HomeRow> {
  return shelves
    .filter((shelf) => shelf.kind !== "CONTINUE_WATCHING" && shelf.titles !== null)
    .map((shelf) => extended({ id: shelf.id, heading: shelf.title, titles: [], after: undefined }, shelf.titles))
    .filter((row) => row.titles.length > 0 || row.after !== undefined);
}

/** The row that stands in while nobody has arranged any. */
export function newest(titles: ReadonlyArray<HomeTitle>): ReadonlyArray<HomeRow> {
  const shown = titles.filter(isShown);
  return shown.length === 0 ? [] : [{ id: "newest", heading: "New on Marquee", titles: shown, after: undefined }];
}

/** A row with one more page at its end. */
export function extended(row: HomeRow, page: ShelfPageFragment | null | undefined): HomeRow {
  if (!page) return { ...row, after: undefined };
  const known = new Set(row.titles.map((title) => title.id));
  const fresh = page.nodes.filter((title) => isShown(title) && !known.has(title.id));
  const after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? undefined) : undefined;
  return { ...row, titles: [...row.titles, ...fresh], after };
}

/** The title on the big screen: the first that has a picture, else the first. */
export function featured(rows: ReadonlyArray<HomeRow>): HomeTitle | undefined {
  const titles = rows[0]?.titles ?? [];
  return titles.find((title) => title.backdrop !== null) ?? titles[0];
}

/** Those who work on titles are told of drafts too, which are no part of this page. */
function isShown(title: HomeTitle): boolean {
  return title.state === "PUBLISHED";
}
