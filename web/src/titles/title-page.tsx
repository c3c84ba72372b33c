import { useQuery } from "../api/use-query";
import { useViewer } from "../api/viewer";
import { Artwork } from "../browse/artwork";
import { Facts } from "../browse/facts";
import { TitlePageDocument, type TitlePageQuery } from "../gql/operations";
import { pathTo } from "../router/route";
import { Row } from "../browse/row";
import { TitleCard } from "../browse/title-card";
import { Link, useDocumentTitle } from "../router/router";
import { ButtonLink } from "../ui/button";
import { Notice } from "../ui/notice";
import { Skeleton } from "../ui/skeleton";
import { clockTime, languageName } from "../ui/wording";
import { creditLines, leaving, partOf } from "./around";
import { Episodes, Seasons } from "./seasons";
import "./title-page.css";

type Title = NonNullable<TitlePageQuery["title"]>;

/** Everything about one title, and the way into it. */
export function TitlePage({ titleId }: { readonly titleId: string }) {
  const [state, reload] = useQuery(TitlePageDocument, { id: titleId });
  const title = state.phase === "ready" ? state.data.title : undefined;
  useDocumentTitle(title?.name);
  if (state.phase === "loading") return <TitleSkeleton />;
  if (state.phase === "failed") return <Notice explanation={state.explanation} onRetry={reload} />;
  if (!title) return <NoSuchTitle />;
  return <TitleBody title={title} />;
}

function TitleBody({ title }: { readonly title: Title }) {
  const { isEditor } = useViewer();
  const position = title.resumePositionSeconds ?? 0;
  const above = partOf(title);
  const soon = leaving(title.availability?.closesAt, Date.now());
  return (
    <>
    <article className="title">
      <div className="title-picture">
        <Artwork name="" url={(title.backdrop ?? title.poster)?.url} eager />
      </div>
      <div className="title-words">
        {above && (
          <p className="title-above">
            {title.series && <Link to={pathTo.title(title.series.id)}>{above}</Link>}
          </p>
        )}
        <h1 className="title-name">{title.name}</h1>
        <Facts title={title} />
        {soon && <p className="title-soon">{soon}</p>}
        <div className="title-actions">
          {title.kind !== "SERIES" && title.kind !== "SEASON" && (
            <ButtonLink to={pathTo.watch(title.id)} look="bulb" icon="play">
              {position > 0 ? `Resume at ${clockTime(position)}` : "Play"}
            </ButtonLink>
          )}
          {position > 0 && (
            <ButtonLink to={`${pathTo.watch(title.id)}?from=start`} icon="replay">
              From the start
            </ButtonLink>
          )}
          {isEditor && (
            <ButtonLink to={pathTo.studioTitle(title.id)} look="plain">
              Edit in the studio
            </ButtonLink>
          )}
        </div>
        <p className="title-synopsis">{title.synopsis}</p>
        <dl className="title-facts">
          <Fact term="Genre" values={title.genres.map((genre) => genre.name)} />
          {creditLines(title.credits).map(([did, names]) => (
            <Fact key={did} term={did} values={names} />
          ))}
          <Fact term="Rated" values={title.ratings.map((rating) => `${rating.system} ${rating.label}`)} />
          <Fact term="Audio" values={title.audioLanguages.map(languageName)} />
          <Fact term="Subtitles" values={title.textLanguages.map(languageName)} />
          <Fact term="Picture" values={picture(title)} />
        </dl>
      </div>
    </article>
    <Below title={title} />
    </>
  );
}

/** What belongs to the title: its episodes, and the clips that hang on it. */
function Below({ title }: { readonly title: Title }) {
  const seasons = title.seasons?.nodes ?? [];
  const episodes = title.episodes?.nodes ?? [];
  return (
    <div className="title-below">
      {seasons.length > 0 && <Seasons seasons={seasons} />}
      {episodes.length > 0 && (
        <section className="seasons" aria-label="Episodes">
          <Episodes episodes={episodes} />
        </section>
      )}
      {title.extras.length > 0 && (
        <Row heading="Trailers and more">
          {title.extras.map((extra) => (
            <TitleCard key={extra.title.id} title={extra.title} />
          ))}
        </Row>
      )}
    </div>
  );
}

function Fact({ term, values }: { readonly term: string; readonly values: ReadonlyArray<string> }) {
  if (values.length === 0) return null;
  return (
    <div>
      <dt>{term}</dt>
      <dd>{values.join(", ")}</dd>
    </div>
  );
}

function picture(title: Title): ReadonlyArray<string> {
  if (!title.asset?.height) return [];
  return title.asset.hdr ? [`${title.asset.height}p`, "HDR"] : [`${title.asset.height}p`];
}

function NoSuchTitle() {
  const explanation = { title: "This title isn’t showing", advice: "It may have left, or it isn’t available where you are." };
  return (
    <Notice icon="film" explanation={explanation}>
      <ButtonLink to={pathTo.home} look="bulb">
        See what’s on
      </ButtonLink>
    </Notice>
  );
}

function TitleSkeleton() {
  return (
    <div className="title" role="status">
      <span className="visually-hidden">Loading the title</span>
      <div className="title-words">
        <Skeleton className="title-skeleton-name" />
        <Skeleton className="title-skeleton-line" />
        <Skeleton className="title-skeleton-text" />
      </div>
    </div>
  );
}
