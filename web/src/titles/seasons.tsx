import { useState } from "react";
import { useQuery } from "../api/use-query";
import { Artwork } from "../browse/artwork";
import { type EpisodeCardFragment, SeasonEpisodesDocument } from "../gql/operations";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Notice } from "../ui/notice";
import { Skeleton } from "../ui/skeleton";
import { episodeName, lengthOf } from "./around";
import "./seasons.css";

interface Season {
  readonly id: string;
  readonly name: string;
  readonly number?: number | null;
}

/** The seasons of a series, one open at a time. */
export function Seasons({ seasons }: { readonly seasons: ReadonlyArray<Season> }) {
  const [openId, setOpenId] = useState(seasons[0]?.id);
  const open = seasons.find((season) => season.id === openId) ?? seasons[0];
  if (open === undefined) return null;
  return (
    <section className="seasons" aria-label="Episodes">
      <label className="seasons-pick">
        <span className="visually-hidden">Season</span>
        <select value={open.id} onChange={(event) => setOpenId(event.target.value)}>
          {seasons.map((season) => (
            <option key={season.id} value={season.id}>
              {season.name}
            </option>
          ))}
        </select>
      </label>
      <SeasonEpisodes key={open.id} seasonId={open.id} />
    </section>
  );
}

function SeasonEpisodes({ seasonId }: { readonly seasonId: string }) {
  const [state, reload] = useQuery(SeasonEpisodesDocument, { id: seasonId });
  if (state.phase === "loading") return <Skeleton className="seasons-skeleton" />;
  if (state.phase === "failed") return <Notice explanation={state.explanation} onRetry={reload} />;
  return <Episodes episodes={state.data.title?.episodes?.nodes ?? []} />;
}

export function Episodes({ episodes }: { readonly episodes: ReadonlyArray<EpisodeCardFragment> }) {
  return (
    <ol className="episodes">
      {episodes.map((episode) => (
        <li key={episode.id}>
          <Link to={pathTo.title(episode.id)} className="episode">
            <span className="episode-picture">
              <Artwork name={episode.name} url={episode.poster?.url} />
            </span>
            <span className="episode-words">
              <span className="episode-name">{episodeName(episode)}</span>
              <span className="episode-length">{lengthOf(episode.durationSeconds)}</span>
              <span className="episode-synopsis">{episode.synopsis}</span>
            </span>
          </Link>
        </li>
      ))}
    </ol>
  );
}
