import type { CreditRole, TitlePageQuery } from "../gql/operations";
import { runningTime } from "../ui/wording";

type Title = NonNullable<TitlePageQuery["title"]>;

const DAY_MS = 24 * 60 * 60 * 1000;
const LEAVING_WITHIN_DAYS = 30;

const roles: Record<CreditRole, string> = {
  CREATOR: "Created by",
  DIRECTOR: "Directed by",
  WRITER: "Written by",
  PRODUCER: "Produced by",
  COMPOSER: "Music by",
  HOST: "Hosted by",
  ACTOR: "With",
  GUEST: "Guests",
};

/** Who worked on a title, one line for each thing that people did, in the order of the credits. */
export function creditLines(credits: Title["credits"]): ReadonlyArray<readonly [string, ReadonlyArray<string>]> {
  const lines = new Map<string, string[]>();
  for (const { role, character, person } of credits) {
    const names = lines.get(roles[role]) ?? [];
    names.push(character ? `${person.name} as ${character}` : person.name);
    lines.set(roles[role], names);
  }
  return [...lines];
}

/** What stands over the name of a part: its series, season and number. */
export function partOf(title: Pick<Title, "kind" | "series" | "season" | "number">): string | undefined {
  if (title.series === null) return undefined;
  const parts = [title.series.name];
  if (title.season?.number != null) parts.push(`Season ${title.season.number}`);
  if (title.number != null) parts.push(title.kind === "SEASON" ? `Season ${title.number}` : `Episode ${title.number}`);
  return parts.join(" · ");
}

/** How soon a title leaves, when that is soon. */
export function leaving(closesAt: string | null | undefined, now: number): string | undefined {
  if (!closesAt) return undefined;
  const days = Math.floor((Date.parse(closesAt) - now) / DAY_MS);
  if (!(days >= 0 && days < LEAVING_WITHIN_DAYS)) return undefined;
  if (days === 0) return "Leaves within a day";
  return days === 1 ? "Leaves in a day" : `Leaves in ${days} days`;
}

export function episodeName(episode: { readonly number?: number | null; readonly name: string }): string {
  return episode.number == null ? episode.name : `${episode.number}. ${episode.name}`;
}

export function lengthOf(seconds: number | null | undefined): string {
  return seconds ? runningTime(seconds) : "";
}
