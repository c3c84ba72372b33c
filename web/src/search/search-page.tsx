import { useCallback, useEffect, useState } from "react";
import { execute } from "../api/client";
import { useQuery } from "../api/use-query";
import { TitleCard } from "../browse/title-card";
import { SearchDocument, type SearchQuery, type TitleCardFragment, type TitleKind } from "../gql/operations";
import { go, useAddress, useDocumentTitle } from "../router/router";
import { kindName } from "../titles/kinds";
import { Button } from "../ui/button";
import { Notice } from "../ui/notice";
import { Skeleton } from "../ui/skeleton";
import { languageName } from "../ui/wording";
import { addressOf, type FacetName, filtersOf, switched, type Wanted, wantedOf } from "./address";
import { SearchBox } from "./search-box";
import "./search-page.css";

/** Looks for titles: what is typed and chosen stands in the address, so a search can be shared and gone back to. */
export function SearchPage() {
  const { query } = useAddress();
  const wanted = wantedOf(query);
  useDocumentTitle(wanted.text === "" ? "Search" : `“${wanted.text}”`);
  const show = (next: Wanted) => go(addressOf(next), { replace: true });
  return (
    <div className="search-page">
      <h1>Search</h1>
      <SearchBox text={wanted.text} onSearch={(text) => show({ text, kinds: [], genres: [], audio: [] })} />
      {wanted.text === "" ? (
        <p className="search-hint">Type a title, somebody in it, or a genre.</p>
      ) : (
        <Results wanted={wanted} onShow={show} />
      )}
    </div>
  );
}

interface ResultsProps {
  readonly wanted: Wanted;
  readonly onShow: (wanted: Wanted) => void;
}

function Results({ wanted, onShow }: ResultsProps) {
  const [state, reload] = useQuery(SearchDocument, { text: wanted.text, filters: filtersOf(wanted), after: null });
  if (state.phase === "loading") return <ResultsSkeleton />;
  if (state.phase === "failed") return <Notice explanation={state.explanation} onRetry={reload} />;
  return <Found found={state.data.search} wanted={wanted} onShow={onShow} />;
}

function Found({ found, wanted, onShow }: ResultsProps & { readonly found: SearchQuery["search"] }) {
  const { titles, hasMore, more } = useTitles(found, wanted);
  const chosen = wanted.kinds.length + wanted.genres.length + wanted.audio.length > 0;
  if (titles.length === 0 && !chosen) {
    const advice = "Check how it is written, or try fewer words.";
    return <Notice icon="search" explanation={{ title: `Nothing fits “${wanted.text}”`, advice }} />;
  }
  return (
    <>
      <p className="search-count" role="status">
        {found.matches === 1 ? "1 title" : `${found.matches} titles`}
        {found.corrected && (
          <>
            {" "}
            for <strong>{found.corrected}</strong>
          </>
        )}
      </p>
      <Facets facets={found.facets} wanted={wanted} onShow={onShow} />
      <ul className="search-grid">
        {titles.map((title) => (
          <li key={title.id}>
            <TitleCard title={title} />
          </li>
        ))}
      </ul>
      {hasMore && (
        <Button look="velvet" onClick={more}>
          Show more
        </Button>
      )}
    </>
  );
}

interface FacetsProps {
  readonly facets: SearchQuery["search"]["facets"];
  readonly wanted: Wanted;
  readonly onShow: (wanted: Wanted) => void;
}

function Facets({ facets, wanted, onShow }: FacetsProps) {
  const groups: ReadonlyArray<readonly [FacetName, string, SearchQuery["search"]["facets"]["kinds"], (value: string) => string]> = [
    ["kinds", "Kind", facets.kinds, (value) => kindName(value as TitleKind)],
    ["genres", "Genre", facets.genres, (value) => value.replaceAll("-", " ")],
    ["audio", "Sound", facets.audioLanguages, languageName],
  ];
  return (
    <div className="search-facets">
      {groups
        .filter(([name, , values]) => values.length > 1 || wanted[name].length > 0)
        .map(([name, label, values, nameOf]) => (
          <fieldset key={name}>
            <legend>{label}</legend>
            {values.map(({ value, count }) => (
              <label key={value} className="search-chip">
                <input
                  type="checkbox"
                  checked={wanted[name].includes(value)}
                  onChange={() => onShow(switched(wanted, name, value))}
                />
                {nameOf(value)} <span>{count}</span>
              </label>
            ))}
          </fieldset>
        ))}
    </div>
  );
}

/** The pages of a search, one after the other. */
function useTitles(found: SearchQuery["search"], wanted: Wanted) {
  const [titles, setTitles] = useState<ReadonlyArray<TitleCardFragment>>(found.titles?.nodes ?? []);
  const [info, setInfo] = useState(found.titles?.pageInfo);
  useEffect(() => {
    setTitles(found.titles?.nodes ?? []);
    setInfo(found.titles?.pageInfo);
  }, [found]);
  const after = info?.hasNextPage ? info.endCursor : undefined;
  const key = addressOf(wanted);
  const more = useCallback(() => {
    if (!after) return;
    void execute(SearchDocument, { text: wanted.text, filters: filtersOf(wanted), after }).then(
      ({ search }) => {
        setTitles((held) => [...held, ...(search.titles?.nodes ?? [])]);
        setInfo(search.titles?.pageInfo);
      },
      () => undefined,
    );
    // `key` stands for what is wanted by value.
  }, [after, key]);
  return { titles, hasMore: Boolean(after), more };
}

function ResultsSkeleton() {
  return (
    <div role="status" className="search-grid">
      <span className="visually-hidden">Looking</span>
      {Array.from({ length: 8 }, (_, index) => (
        <Skeleton key={index} className="search-skeleton" />
      ))}
    </div>
  );
}
