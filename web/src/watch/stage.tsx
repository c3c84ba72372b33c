import { useEffect, useRef } from "react";
import type { Problem } from "../api/problems";
import { useViewer } from "../api/viewer";
import { startPosition } from "./addresses";
import { ControlBar } from "./controls/control-bar";
import { EndCard } from "./end-card";
import type { Engine } from "./engine";
import { FaultPanel } from "./fault-panel";
import { OfferButton } from "./offer-button";
import { ShortcutList } from "./shortcut-list";
import { offerAt } from "./skipping";
import { TopBar } from "./top-bar";
import { useEngine, usePlayer } from "./use-engine";
import { useFullscreen } from "./use-fullscreen";
import { useHeartbeats } from "./use-heartbeats";
import { useIdle } from "./use-idle";
import { useMediaSession } from "./use-media-session";
import { useStageControl } from "./use-stage-control";
import { useTelling } from "./use-telling";
import type { Started } from "./use-viewing";
import { CenterMark } from "./center-mark";

interface StageProps {
  readonly started: Started;
  /** Overrides the resume point. */
  readonly startS: number | undefined;
  readonly format: "dash" | "hls";
  readonly onRestart: (startS?: number) => void;
  readonly onOver: (problem: Problem) => void;
  /** Told which engine plays, while one does. */
  readonly onEngine?: (engine: Engine | undefined) => void;
}

/** The film and everything around it. */
export function Stage({ started, startS, format, onRestart, onOver, onEngine }: StageProps) {
  const frame = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const { viewer } = useViewer();
  const isLive = started.session.streamId !== null;
  const engine = useEngine(video, frame, {
    manifestUrl: started.manifests[format],
    licenceUrl: started.licence.url,
    startS: isLive ? undefined : (startS ?? startPosition(started.resumePositionSeconds, started.title.durationSeconds)),
    preferredLanguage: viewer?.profile.language ?? "",
  });
  const player = usePlayer(engine);
  useEffect(() => {
    onEngine?.(engine);
    return () => onEngine?.(undefined);
  }, [engine, onEngine]);
  const heartbeats = useHeartbeats(engine, started, { format, onOver, onReturn: () => onRestart(player.positionS) });
  const fullscreen = useFullscreen(frame, video);
  const control = useStageControl({ engine, video, frame, fullscreen });
  const idle = useIdle(frame, !player.paused && !control.pinned);
  useTelling(player, heartbeats);
  useMediaSession(started, engine);

  const offer = player.ended ? undefined : offerAt(player.positionS, started.title.markers, started.title.nextEpisode);

  return (
    <div ref={frame} className="stage" data-idle={idle} data-format={format} data-programme-at={player.programmeAtMs}>
      <video ref={video} className="stage-video" playsInline poster={started.title.poster?.url} onClick={control.pressPicture} onDoubleClick={fullscreen.toggle} />
      <CenterMark player={player} said={control.said} onPlay={() => engine?.togglePlay()} />
      <TopBar titleId={started.title.id} name={started.title.name} onHelp={control.toggleHelp} />
      {engine && <ControlBar engine={engine} player={player} started={started} control={control} fullscreen={fullscreen} />}
      {offer && <OfferButton offer={offer} onSkip={(toS) => engine?.seek(toS)} />}
      {player.ended && <EndCard titleId={started.title.id} onAgain={() => onRestart(0)} />}
      {player.fault && (
        <FaultPanel fault={player.fault} onRetry={() => engine?.retry()} onRestart={() => onRestart(player.positionS)} />
      )}
      {control.helpShown && <ShortcutList onClose={control.toggleHelp} />}
    </div>
  );
}
