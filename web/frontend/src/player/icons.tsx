// The player's icons, drawn on a 24-unit grid like those of the pages.

const PATHS = {
  check: "M4 12.5l5 5L20 6.5",
  cross: "M6 6l12 12M18 6L6 18",
  question: "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .6-1.5 1.2-1.5 2.3M12 18.2v.3",
  warning: "M12 3.5L2.5 20h19zM12 10v4.5M12 17.2v.3",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 4.5v15M16 4.5v15",
  back: "M11 6l-6 6 6 6M19 6l-6 6 6 6",
  forward: "M13 6l6 6-6 6M5 6l6 6-6 6",
  nopicture: "M3 6h12v12H3zM15 10.5l6-3v9l-6-3M3 3l18 18",
  large: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  grid: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
