import { useEffect, useRef } from "react";
import { acts, type HostPoll, meant } from "./acts";
import type { Act } from "./desk-page";

const keys: Partial<Record<string, keyof typeof acts>> = { o: "open", l: "lock", r: "reveal", z: "undo" };

/** The desk by keyboard: one key for each act, and none while somebody writes. */
export function useDeskKeys(polls: ReadonlyArray<HostPoll>, act: Act): void {
  const held = useRef({ polls, act });
  held.current = { polls, act };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const writes = event.target instanceof HTMLElement && event.target.closest("input, textarea, select") !== null;
      if (writes || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const key = event.key.toLowerCase();
      if (key === "n") {
        event.preventDefault();
        document.getElementById("new-poll-question")?.focus();
        return;
      }
      const name = keys[key];
      const one = name && meant(held.current.polls, new Date())[name];
      if (name && one) {
        event.preventDefault();
        void acts[name](one, held.current.act);
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
