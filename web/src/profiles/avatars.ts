import type { Avatar } from "../gql/operations";

/** The pictures that a profile can have: lines in a square of 24, and the hue they stand on. No font has all of them. */
export const avatars: Record<Avatar, { readonly path: string; readonly name: string; readonly hue: number }> = {
  FOX: { path: "M3 4l5 4h8l5-4-1 9-8 8-8-8zM9 12.5v.1M15 12.5v.1M11 17h2", name: "Fox", hue: 22 },
  OWL: {
    path: "M5 4l3 2.5h8L19 4v10a7 7 0 0 1-14 0zM9 9.5a2 2 0 1 0 .1 0M15 9.5a2 2 0 1 0 .1 0M11 15l1 1.5 1-1.5",
    name: "Owl",
    hue: 45,
  },
  WHALE: { path: "M2.5 13.5C3 9 7 8 11 8.5c4 .5 6 1.5 7 .5l1-3.5 2.5 1.5-2 3.5c0 5-4 7.5-9 7.5s-8-2-8-4.5zM7 12.5v.1", name: "Whale", hue: 205 },
  TORTOISE: { path: "M3.5 16a7.5 7.5 0 0 1 15 0zM18 13.5c1-2 4-1.5 3.5.5-.2 1.3-1.5 2-3 2M6.5 16v3M15 16v3M8 16l1.5-4h3L14 16", name: "Tortoise", hue: 110 },
  HEDGEHOG: { path: "M21 16c-1-3-3-4-5-4.5L15.5 8l-2.5 2-2-3-1.5 3.5L6 9l.5 3.5L3 14l2.5 2-1 2.5H18c1.5 0 3-1 3-2.5zM17.5 15v.1", name: "Hedgehog", hue: 28 },
  OTTER: { path: "M12 4.5a7 7 0 0 1 7 7c0 5-3 8.5-7 8.5s-7-3.5-7-8.5a7 7 0 0 1 7-7zM6.5 6.5L5 5M17.5 6.5L19 5M9.5 11v.1M14.5 11v.1M10.5 14.5h3M12 14.5v2", name: "Otter", hue: 190 },
  ROBOT: { path: "M5.5 8.5h13V20h-13zM12 8.5V4.5M10.5 4h3M9.5 12.5v.1M14.5 12.5v.1M9.5 16.5h5M3 12.5v3M21 12.5v3", name: "Robot", hue: 250 },
  ROCKET: { path: "M12 2.5c4 3 5 8 4 13H8c-1-5 0-10 4-13zM8 12.5L5 17h3.5M16 12.5l3 4.5h-3.5M12 18v3.5M12 8.5v.1", name: "Rocket", hue: 340 },
  CACTUS: { path: "M10 21V5a2 2 0 0 1 4 0v16M10 14.5H7.5a2 2 0 0 1-2-2V10M14 12.5h2.5a2 2 0 0 0 2-2V8M6.5 21h11", name: "Cactus", hue: 140 },
  LIGHTHOUSE: { path: "M9.5 9h5L17 21H7zM9.5 9V6h5v3M12 6V3.5M3 6.5l3.5.8M21 6.5l-3.5.8M8.7 13h6.600M8 17h8", name: "Lighthouse", hue: 5 },
};

export const avatarChoices = Object.entries(avatars).map(([value, avatar]) => ({ value, label: avatar.name }));
