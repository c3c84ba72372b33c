import type { TitleCardFragment } from "../gql/operations";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Artwork } from "./artwork";
import { Facts } from "./facts";
import "./title-card.css";

export function TitleCard({ title }: { readonly title: TitleCardFragment }) {
  const part = title.durationSeconds ? (title.resumePositionSeconds ?? 0) / title.durationSeconds : 0;
  return (
    <Link to={pathTo.title(title.id)} className="card">
      <span className="card-picture">
        <Artwork name={title.name} url={title.poster?.url} />
        {part > 0 && (
          <span className="card-watched">
            <span style={{ width: `${Math.min(100, Math.max(2, part * 100))}%` }} />
          </span>
        )}
      </span>
      <span className="card-name">{title.name}</span>
      <Facts title={title} />
    </Link>
  );
}
