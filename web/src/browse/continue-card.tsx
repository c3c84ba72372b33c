import type { HomeQuery } from "../gql/operations";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Icon } from "../ui/icon";
import { clockTime, remainingTime } from "../ui/wording";
import { Artwork } from "./artwork";
import "./title-card.css";

type Point = HomeQuery["continueWatching"][number];

/** A title left unfinished; it goes straight back to the film. */
export function ContinueCard({ point }: { readonly point: Point }) {
  const { title, positionSeconds } = point;
  const length = title.durationSeconds ?? undefined;
  const left = length === undefined ? `at ${clockTime(positionSeconds)}` : remainingTime(length - positionSeconds);
  return (
    <Link to={pathTo.watch(title.id)} className="card">
      <span className="visually-hidden">Continue</span>
      <span className="card-picture">
        <Artwork name={title.name} url={title.poster?.url} />
        <span className="card-play">
          <Icon name="play" size={22} />
        </span>
        {length !== undefined && <Watched part={positionSeconds / length} />}
      </span>
      <span className="card-name">{title.name}</span>
      <span className="card-left">{left}</span>
    </Link>
  );
}

function Watched({ part }: { readonly part: number }) {
  return (
    <span className="card-watched">
      <span style={{ width: `${Math.min(100, Math.max(2, part * 100))}%` }} />
    </span>
  );
}
