import { type QueryState, useQuery } from "../api/use-query";
import { useViewer } from "../api/viewer";
import { HomeDocument, type HomeQuery } from "../gql/operations";
import { pathTo } from "../router/route";
import { useDocumentTitle } from "../router/router";
import { ButtonLink } from "../ui/button";
import { Notice } from "../ui/notice";
import { ContinueCard } from "./continue-card";
import { Hero } from "./hero";
import { HomeSkeleton } from "./home-skeleton";
import { Row } from "./row";
import { featured } from "./rows";
import { TitleCard } from "./title-card";
import { useReached } from "./use-reached";
import { useRows } from "./use-rows";
import "./home-page.css";

/** What is on: a big screen, what was left unfinished, and rows of everything else. */
export function HomePage() {
  useDocumentTitle(undefined);
  const [state, reload] = useQuery(HomeDocument, {});
  return <HomeBody state={state} reload={reload} />;
}

interface HomeBodyProps {
  readonly state: QueryState<HomeQuery>;
  readonly reload: () => void;
}

function HomeBody({ state, reload }: HomeBodyProps) {
  if (state.phase === "loading") return <HomeSkeleton />;
  if (state.phase === "failed") return <Notice explanation={state.explanation} onRetry={reload} />;
  return <Home data={state.data} />;
}

function Home({ data }: { readonly data: HomeQuery }) {
  const { rows, hasMore, moreRows, moreOf } = useRows(data);
  const hero = featured(rows);
  if (hero === undefined) return <NothingOn />;
  return (
    <>
      <Hero title={hero} />
      <div className="home-rows">
        {data.continueWatching.length > 0 && (
          <Row heading="Continue watching">
            {data.continueWatching.map((point) => (
              <ContinueCard key={point.title.id} point={point} />
            ))}
          </Row>
        )}
        {rows.map((row) => (
          <Row key={row.id} heading={row.heading} onNearEnd={() => moreOf(row)}>
            {row.titles.map((title) => (
              <TitleCard key={title.id} title={title} />
            ))}
          </Row>
        ))}
        {hasMore && <More key={rows.length} onReached={moreRows} />}
      </div>
    </>
  );
}

function More({ onReached }: { readonly onReached: () => void }) {
  const mark = useReached(onReached);
  return <div ref={mark} className="home-more" />;
}

function NothingOn() {
  const { isEditor } = useViewer();
  const advice = isEditor
    ? "Publish a title in the studio and it opens here."
    : "Nothing is showing where you are yet. New titles appear here as soon as they open.";
  return (
    <Notice icon="film" explanation={{ title: "The screens are dark", advice }}>
      {isEditor && (
        <ButtonLink to={pathTo.studio} look="bulb">
          Open the studio
        </ButtonLink>
      )}
    </Notice>
  );
}
