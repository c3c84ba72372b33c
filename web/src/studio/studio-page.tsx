import { useQuery } from "../api/use-query";
import { Artwork } from "../browse/artwork";
import { StudioTitlesDocument, type StudioTitlesQuery } from "../gql/operations";
import { pathTo } from "../router/route";
import { Link, useDocumentTitle } from "../router/router";
import { ButtonLink } from "../ui/button";
import { Notice } from "../ui/notice";
import { Skeleton } from "../ui/skeleton";
import { AssetBadge, TitleBadge } from "./badges";
import { kindName } from "../titles/kinds";

type Title = StudioTitlesQuery["titles"]["nodes"][number];

/** Every title of the house, whatever its state. */
export function StudioPage() {
  useDocumentTitle("Studio");
  const [state, reload] = useQuery(StudioTitlesDocument, {});
  return (
    <div className="studio">
      <header className="studio-header">
        <h1>Studio</h1>
        <ButtonLink to={pathTo.newTitle} look="bulb" icon="plus">
          New title
        </ButtonLink>
      </header>
      {state.phase === "loading" && <ListSkeleton />}
      {state.phase === "failed" && <Notice explanation={state.explanation} onRetry={reload} />}
      {state.phase === "ready" && <TitleList titles={state.data.titles.nodes} />}
    </div>
  );
}

function TitleList({ titles }: { readonly titles: ReadonlyArray<Title> }) {
  if (titles.length === 0) {
    return <Notice icon="film" explanation={{ title: "Nothing here yet", advice: "Create a title, then give it a clip." }} />;
  }
  return (
    <ul className="studio-list">
      {titles.map((title) => (
        <li key={title.id}>
          <Link to={pathTo.studioTitle(title.id)} className="studio-item">
            <span className="studio-item-picture">
              <Artwork name="" url={title.poster?.url} />
            </span>
            <span className="studio-item-words">
              <strong>{title.name}</strong>
              <span>
                {kindName(title.kind)}
                {title.releaseYear ? `, ${title.releaseYear}` : ""}
              </span>
            </span>
            <span className="studio-item-badges">
              <AssetBadge state={title.asset?.state} />
              <TitleBadge state={title.state} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function ListSkeleton() {
  return (
    <div role="status" className="studio-list">
      <span className="visually-hidden">Loading the titles</span>
      {Array.from({ length: 5 }, (_, index) => (
        <Skeleton key={index} className="studio-skeleton" />
      ))}
    </div>
  );
}
