import type { Avatar } from "../gql/operations";

/** The pictures that a profile can have, each with a colour to stand on. */
export const avatars: Record<Avatar, { readonly sign: string; readonly name: string; readonly hue: number }> = {
  FOX: { sign: "🦊", name: "Fox", hue: 22 },
  OWL: { sign: "🦉", name: "Owl", hue: 36 },
  WHALE: { sign: "🐳", name: "Whale", hue: 205 },
  TORTOISE: { sign: "🐢", name: "Tortoise", hue: 110 },
  HEDGEHOG: { sign: "🦔", name: "Hedgehog", hue: 28 },
  OTTER: { sign: "🦦", name: "Otter", hue: 190 },
  ROBOT: { sign: "🤖", name: "Robot", hue: 250 },
  ROCKET: { sign: "🚀", name: "Rocket", hue: 340 },
  CACTUS: { sign: "🌵", name: "Cactus", hue: 140 },
  LIGHTHOUSE: { sign: "⛵", name: "Lighthouse", hue: 5 },
};

export const avatarChoices = Object.entries(avatars).map(([value, avatar]) => ({ value, label: avatar.name }));
