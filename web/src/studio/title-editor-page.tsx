import { useCallback } from "react";
import { useQuery } from "../api/use-query";
import { StudioTitleDocument, type StudioTitleQuery } from "../gql/operations";
import { pathTo } from "../router/route";
import { Link, useDocumentTitle } from "../router/router";
import { Notice } from "../ui/notice";
import { Skeleton } from "../ui/skeleton";
import { TitleBadge } from "./badges";
import { ClipPanel } from "./clip-panel";
import { DetailsPanel } from "./details-panel";
import { LogPanel } from "./log-panel";
import { progressLine } from "./progress-words";
import { PublishPanel } from "./publish-panel";
import { RightsPanel } from "./rights-panel";
import { useLog } from "./use-log";

export type StudioTitle = NonNullable<StudioTitleQuery["title"]>;

/** One title from words to screen: describe it, give it a clip, say where and when it shows, publish it. */
export function TitleEditorPage({ titleId }: { readonly titleId: string }) {
  const [state, reload] = useQuery(StudioTitleDocument, { id: titleId });
  const title = state.phase === "ready" ? state.data.title : undefined;
  useDocumentTitle(title?.name);
  return (
    <div className="studio">
      <Link to={pathTo.studio} className="studio-back">
        All titles
      </Link>
      {state.phase === "loading" && <EditorSkeleton />}
      {state.phase === "failed" && <Notice explanation={state.explanation} onRetry={reload} />}
      {title === null && (
        <Notice icon="film" explanation={{ title: "No such title", advice: "It may have been removed." }} />
      )}
      {title && <Editor title={title} reload={reload} />}
    </div>
  );
}

function Editor({ title, reload }: { readonly title: StudioTitle; readonly reload: () => void }) {
  const [lines, log] = useLog(standing(title));
  const changed = useCallback(
    (what: string) => {
      log(what);
      reload();
    },
    [log, reload],
  );
  return (
    <>
      <header className="studio-header">
        <h1>{title.name}</h1>
        <TitleBadge state={title.state} />
      </header>
      <div className="editor">
        <div className="editor-steps">
          <DetailsPanel title={title} onChanged={changed} />
          <ClipPanel title={title} log={log} onChanged={changed} reload={reload} />
          <RightsPanel title={title} onChanged={changed} />
          <PublishPanel title={title} onChanged={changed} />
        </div>
        <LogPanel lines={lines} />
      </div>
    </>
  );
}

/** Where the title stands, in one line. */
function standing(title: StudioTitle): string {
  if (!title.asset) return "Opened. There is no clip yet";
  return progressLine({ ...title.asset.progress, state: title.asset.state });
}

function EditorSkeleton() {
  return (
    <div role="status" className="editor-steps">
      <span className="visually-hidden">Loading the title</span>
      <Skeleton className="studio-skeleton-panel" />
      <Skeleton className="studio-skeleton-panel" />
    </div>
  );
}
