const paths = {
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
  replay: "M4 12a8 8 0 1 0 2.6-5.9M4 4v5h5",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  volume: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a7.5 7.5 0 0 1 0 11",
  muted: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5",
  quality: "M4 6h16M4 12h16M4 18h16M9 4v4M15 10v4M8 16v4",
  audio: "M12 4v9.5M12 4l6 2.5M12 13.5a3 3 0 1 1-3-3 3 3 0 0 1 3 3z",
  voice: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10.5v3",
  captions: "M4 6h16v12H4zM7.5 13h4M13.5 13h3M7.5 10h2M11.5 10h5",
  speed: "M4.5 17a8.5 8.5 0 1 1 15 0M12 14l4-5",
  expand: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  shrink: "M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5",
  pip: "M4 5h16v14H4zM12 12h5.5v4.5H12z",
  help: "M9.2 9.3a2.9 2.9 0 1 1 4.2 2.6c-.9.5-1.4 1-1.4 2.1M12 17.2v.1M12 21a9 9 0 1 0-9-9 9 9 0 0 0 9 9z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  search: "M11 18a7 7 0 1 0-7-7 7 7 0 0 0 7 7zM16.2 16.2L21 21",
  close: "M6 6l12 12M18 6L6 18",
  info: "M12 11v6M12 7.5v.1M12 21a9 9 0 1 0-9-9 9 9 0 0 0 9 9z",
  plus: "M12 5v14M5 12h14",
  upload: "M12 16V5M7.5 9.5L12 5l4.5 4.5M5 19h14",
  person: "M12 12a4 4 0 1 0-4-4 4 4 0 0 0 4 4zM4.5 20a7.5 7.5 0 0 1 15 0",
  globe: "M12 21a9 9 0 1 0-9-9 9 9 0 0 0 9 9zM3 12h18M12 3c5 5.5 5 12.5 0 18M12 3c-5 5.5-5 12.5 0 18",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.2v.1",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.7h4M4 14.3h4M16 9.7h4M16 14.3h4",
  leave: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
} as const;

export type IconName = keyof typeof paths;

const solid: ReadonlySet<IconName> = new Set(["play", "pause"]);

/** A decorative picture: whatever holds it carries the words. */
export function Icon({ name, size = 24 }: { readonly name: IconName; readonly size?: number }) {
  const filled = solid.has(name);
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill={filled ? "currentColor" : "none"}
        stroke="currentColor"
        strokeWidth={filled ? 1 : 1.9}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
