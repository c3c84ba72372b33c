import { useCallback, useRef } from "react";
import { explainProblem } from "../api/problems";
import { useQuery } from "../api/use-query";
import { StreamOnAirDocument } from "../gql/operations";
import { LivePanel } from "../live/live-panel";
import { pathTo } from "../router/route";
import { useAddress, useDocumentTitle } from "../router/router";
import { Curtain } from "../shell/curtain";
import { ButtonLink } from "../ui/button";
import { Notice } from "../ui/notice";
import type { Engine } from "./engine";
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
  const [onAir] = useQuery(StreamOnAirDocument, { titleId });
  const stream = onAir.phase === "ready" ? onAir.data.liveStreamOf : null;
  const engine = useRef<Engine>(undefined);
  const hold = useCallback((playing: Engine | undefined) => {
    engine.current = playing;
  }, []);
  const programmeTime = useCallback(() => engine.current?.programmeTime(), []);
  return (
    <main className={stream ? "watch watch-live" : "watch"}>
      <WatchBody titleId={titleId} format={format} control={control} onEngine={hold} />
      {stream && <LivePanel streamId={stream.id} programmeTime={programmeTime} />}
    </main>
  );
}

interface WatchBodyProps {
  readonly titleId: string;
  readonly format: "dash" | "hls";
  readonly control: ViewingControl;
  readonly onEngine: (engine: Engine | undefined) => void;
}

function WatchBody({ titleId, format, control, onEngine }: WatchBodyProps) {
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
          onEngine={onEngine}
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
