import { type MouseEvent, type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { commandFor } from "./commands";
import type { Engine } from "./engine";
import { perform } from "./perform";
import type { Fullscreen } from "./use-fullscreen";

/** How long the word of what a key did stays on the picture. */
const SAID_MS = 1200;

export interface StageControl {
  /** What the last key did, for the eye and for a screen reader. */
  readonly said: string;
  /** The controls must stay: a menu or the help is open. */
  readonly pinned: boolean;
  readonly helpShown: boolean;
  readonly toggleHelp: () => void;
  readonly pin: (pinned: boolean) => void;
  readonly pressPicture: (event: MouseEvent<HTMLVideoElement>) => void;
  readonly togglePictureInPicture: () => void;
}

interface Parts {
  readonly engine: Engine | undefined;
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly frame: RefObject<HTMLElement | null>;
  readonly fullscreen: Fullscreen;
}

/** Turns keys and presses on the picture into what the player does. */
export function useStageControl(parts: Parts): StageControl {
  const [menuOpen, pin] = useState(false);
  const [helpShown, setHelpShown] = useState(false);
  const [said, say] = useSaying();
  const toggleHelp = useCallback(() => setHelpShown((shown) => !shown), []);
  const togglePictureInPicture = useCallback(() => togglePip(parts.video.current), [parts.video]);

  const latest = useRef(parts);
  latest.current = parts;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { engine, fullscreen } = latest.current;
      const command = commandFor(pressOf(event));
      if (event.defaultPrevented || command === undefined || engine === undefined) return;
      event.preventDefault();
      if (command.name === "help") toggleHelp();
      else if (command.name === "fullscreen") fullscreen.toggle();
      else if (command.name === "picture-in-picture") togglePictureInPicture();
      else say(perform(engine, command));
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [say, toggleHelp, togglePictureInPicture]);

  const pressPicture = (event: MouseEvent<HTMLVideoElement>) => {
    // A finger wakes the controls; only a mouse plays and pauses through the picture.
    const touched = (event.nativeEvent as PointerEvent).pointerType === "touch";
    if (!touched) parts.engine?.togglePlay();
  };
  return { said, pinned: menuOpen || helpShown, helpShown, toggleHelp, pin, pressPicture, togglePictureInPicture };
}

function useSaying(): readonly [string, (what: string) => void] {
  const [said, setSaid] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const say = useCallback((what: string) => {
    setSaid(what);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setSaid(""), SAID_MS);
  }, []);
  return [said, say];
}

function pressOf(event: KeyboardEvent) {
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  return {
    key: event.key,
    modified: event.ctrlKey || event.metaKey || event.altKey,
    onButton: target?.closest("button, a, [role^=menuitem]") != null,
    onField: target?.closest("input, textarea, select") != null,
  };
}

function togglePip(video: HTMLVideoElement | null): void {
  const stayAsItIs = () => undefined;
  if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(stayAsItIs);
  else if (document.pictureInPictureEnabled) void video?.requestPictureInPicture().catch(stayAsItIs);
}
