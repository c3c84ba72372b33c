import type { TitleKind } from "../gql/operations";

const names: Record<TitleKind, string> = { MOVIE: "Film", EPISODE: "Episode", CLIP: "Clip" };

export const titleKinds = Object.keys(names) as ReadonlyArray<TitleKind>;

export function kindName(kind: TitleKind): string {
  return names[kind];
}
