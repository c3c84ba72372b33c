import type { Persona } from "../api/session";

export interface PersonaTicket {
  readonly persona: Persona;
  readonly name: string;
  readonly pass: string;
  readonly about: string;
}

/** The demo's people, and what each of them shows. */
export const personas: ReadonlyArray<PersonaTicket> = [
  { persona: "VIEWER", name: "Viewer", pass: "Premium", about: "Every quality up to UHD on three screens, watching from Germany." },
  { persona: "BASIC", name: "Basic viewer", pass: "Basic", about: "Standard definition on a single screen, watching from Germany." },
  { persona: "ABROAD", name: "Viewer abroad", pass: "Premium", about: "The premium plan taken to Japan, where some rights end." },
  { persona: "EDITOR", name: "Editor", pass: "Studio", about: "Runs the house: uploads clips, sets rights and publishes titles." },
];
