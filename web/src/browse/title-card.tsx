import type { TitleCardFragment } from "../gql/operations";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Artwork } from "./artwork";
import { Facts } from "./facts";
import "./title-card.css";

export function TitleCard({ title }: { readonly title: TitleCardFragment }) {
  return (
    <Link to={pathTo.title(title.id)} className="card">
      <span className="card-picture">
        <Artwork name={title.name} url={title.poster?.url} />
      </span>
      <span className="card-name">{title.name}</span>
      <Facts title={title} />
    </Link>
  );
}
