/** What a viewer chose in the player, kept on this device. */
export interface Preferences {
  readonly volume: number;
  readonly muted: boolean;
  readonly audioLanguage?: string;
  /** Empty: no subtitles. */
  readonly subtitleLanguage: string;
  readonly captionScale: number;
}

const KEY = "marquee.player";
const initial: Preferences = { volume: 1, muted: false, subtitleLanguage: "", captionScale: 1 };

export function readPreferences(): Preferences {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? sound({ ...initial, ...kept }) : initial;
  } catch {
    // Blocked or damaged storage only costs the comfort of being remembered.
    return initial;
  }
}

export function keepPreferences(change: Partial<Preferences>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...readPreferences(), ...change }));
  } catch {
    return;
  }
}

function sound(kept: Preferences): Preferences {
  const volume = typeof kept.volume === "number" ? Math.min(1, Math.max(0, kept.volume)) : 1;
  const captionScale = typeof kept.captionScale === "number" ? Math.min(2, Math.max(0.5, kept.captionScale)) : 1;
  return { ...kept, volume, captionScale };
}
