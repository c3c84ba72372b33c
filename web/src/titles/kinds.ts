import type { TitleKind } from "../gql/operations";

const names: Record<TitleKind, string> = {
  MOVIE: "Film",
  SERIES: "Series",
  SEASON: "Season",
  EPISODE: "Episode",
  CLIP: "Clip",
  LIVE_EVENT: "Live event",
  CHANNEL: "Channel",
};

/** What can be made from a name alone: parts need a parent, and a live event a time. */
export const titleKinds: ReadonlyArray<TitleKind> = ["MOVIE", "SERIES", "CLIP", "CHANNEL"];

export function kindName(kind: TitleKind): string {
  return names[kind];
}
