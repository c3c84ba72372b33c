import { useRef } from "react";
import { explainProblem } from "../api/problems";
import { pathTo } from "../router/route";
import { useAddress, useDocumentTitle } from "../router/router";
import { Curtain } from "../shell/curtain";
import { ButtonLink } from "../ui/button";
import { Notice } from "../ui/notice";
import { LimitPanel } from "./limit-panel";
import { Stage } from "./stage";
import { useViewing, type ViewingControl } from "./use-viewing";
import "./watch-page.css";

/** Plays a title, or says why not. `?format=hls` plays HLS instead of DASH, `?from=start` ignores the resume point. */
export default function WatchPage({ titleId }: { readonly titleId: string }) {
  const { query } = useAddress();
  const fromStart = useRef(query.get("from") === "start");
  const control = useViewing(titleId, fromStart.current ? 0 : undefined);
  const format = query.get("format") === "hls" ? "hls" : "dash";
  const name = control.viewing.phase === "started" ? control.viewing.started.title.name : undefined;
  useDocumentTitle(name);
  return (
    <main className="watch">
      <WatchBody titleId={titleId} format={format} control={control} />
    </main>
  );
}

interface WatchBodyProps {
  readonly titleId: string;
  readonly format: "dash" | "hls";
  readonly control: ViewingControl;
}

function WatchBody({ titleId, format, control }: WatchBodyProps) {
  const { viewing, restart, refuse } = control;
  const away = <ButtonLink to={pathTo.title(titleId)}>Back to the title</ButtonLink>;
  switch (viewing.phase) {
    case "starting":
      return <Curtain />;
    case "started":
      return (
        <Stage
          key={viewing.started.session.id}
          started={viewing.started}
          startS={viewing.startS}
          format={format}
          onRestart={restart}
          onOver={refuse}
        />
      );
    case "limited":
      return <LimitPanel limit={viewing.limit} onFreed={() => restart()} away={away} />;
    case "refused":
      return (
        <Notice explanation={explainProblem(viewing.problem)} onRetry={() => restart()}>
          {away}
        </Notice>
      );
    case "failed":
      return (
        <Notice explanation={viewing.explanation} onRetry={() => restart()}>
          {away}
        </Notice>
      );
  }
}
