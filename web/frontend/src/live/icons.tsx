// Own small icon set. Always beside a word, never instead of one.
import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const Dot = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" fill="currentColor" />
  </Icon>
);
export const Square = () => (
  <Icon>
    <rect x="2" y="2" width="12" height="12" fill="currentColor" />
  </Icon>
);
export const Bars = () => (
  <Icon>
    <rect x="3" y="2" width="4" height="12" fill="currentColor" />
    <rect x="9" y="2" width="4" height="12" fill="currentColor" />
  </Icon>
);
export const Half = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" />
    <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
  </Icon>
);
export const Ring = () => (
  <Icon>
    <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2" />
  </Icon>
);
export const Octagon = () => (
  <Icon>
    <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor" />
  </Icon>
);
export const Sealed = () => (
  <Icon>
    <path d="M8 1l6 3.5v7L8 15l-6-3.5v-7z" fill="none" stroke="currentColor" stroke-width="1.6" />
    <path d="M5.5 7.5h5v4h-5z M6.5 7.5V6a1.5 1.5 0 0 1 3 0v1.5" fill="none" stroke="currentColor" stroke-width="1.4" />
  </Icon>
);
export const Mic = ({ off = false }: { off?: boolean }) => (
  <Icon>
    <path d="M8 1.5a2 2 0 0 0-2 2v4a2 2 0 0 0 4 0v-4a2 2 0 0 0-2-2z" fill="currentColor" />
    <path d="M3.5 7.5a4.5 4.5 0 0 0 9 0M8 12v2.5" fill="none" stroke="currentColor" stroke-width="1.5" />
    {off && <path d="M2 2l12 12" stroke="currentColor" stroke-width="2" />}
  </Icon>
);
export const Cam = ({ off = false }: { off?: boolean }) => (
  <Icon>
    <rect x="1" y="4" width="9.5" height="8" rx="1" fill="currentColor" />
    <path d="M11.5 7.2L15 5v6l-3.5-2.2z" fill="currentColor" />
    {off && <path d="M2 2l12 12" stroke="currentColor" stroke-width="2" />}
  </Icon>
);
export const Hand = () => (
  <Icon>
    <path
      d="M4.5 9V4.5M7 8V2.5M9.5 8V3M12 9.5V5M4.5 8.5L3 7.5M12 9a4.5 4.5 0 0 1-4.5 5.5C5 14.500 4 12.500 3 9"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
    />
  </Icon>
);
export const Help = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.5" />
    <path d="M6 6.2a2 2 0 1 1 2.6 1.9c-.5.2-.6.5-.6 1.100M8 11.2v.6" fill="none" stroke="currentColor" stroke-width="1.6" />
  </Icon>
);
export const Tick = () => (
  <Icon>
    <path d="M2.500 8.500l3.500 3.500 7.500-8" fill="none" stroke="currentColor" stroke-width="2" />
  </Icon>
);
export const Cross = () => (
  <Icon>
    <path d="M3 3l10 10M13 3L3 13" stroke="currentColor" stroke-width="2" />
  </Icon>
);
export const Warn = () => (
  <Icon>
    <path d="M8 1.500L15 14H1z" fill="currentColor" />
  </Icon>
);
export const Ear = () => (
  <Icon>
    <path d="M4 6.500a4 4 0 1 1 7 2.600c-1.500 1.400-1 4.900-4 4.900" fill="none" stroke="currentColor" stroke-width="1.600" />
    <path d="M6 6.500a2 2 0 0 1 4 0" fill="none" stroke="currentColor" stroke-width="1.400" />
  </Icon>
);
export const Cup = () => (
  <Icon>
    <path d="M3 5h8v4.5a3.5 3.5 0 0 1-3.5 3.5h-1A3.5 3.5 0 0 1 3 9.5zM11 6h1.5a1.75 1.75 0 0 1 0 3.5H11M5.5 1.5v1.8M8.5 1.5v1.8" fill="none" stroke="currentColor" stroke-width="1.5" />
  </Icon>
);
export const Gear = () => (
  <Icon>
    <circle cx="8" cy="8" r="3" fill="none" stroke="currentColor" stroke-width="1.6" />
    <path d="M8 1v2.5M8 12.5V15M1 8h2.5M12.5 8H15M3 3l1.8 1.8M11.2 11.2L13 13M13 3l-1.8 1.8M4.8 11.2L3 13" stroke="currentColor" stroke-width="1.6" />
  </Icon>
);
export const Keycaps = () => (
  <Icon>
    <rect x="1" y="4" width="14" height="8.5" rx="1" fill="none" stroke="currentColor" stroke-width="1.5" />
    <path d="M3.5 7h1M6 7h1M8.5 7h1M11.5 7h1M5 10h6" stroke="currentColor" stroke-width="1.5" />
  </Icon>
);
export const Door = () => (
  <Icon>
    <path d="M4 14.5V2h8v12.5M1.5 14.5h13M9.5 8v1.5" fill="none" stroke="currentColor" stroke-width="1.5" />
  </Icon>
);
export const Lock = () => (
  <Icon>
    <path d="M3 7.5h10v7H3zM5 7.5V5a3 3 0 0 1 6 0v2.5" fill="none" stroke="currentColor" stroke-width="1.5" />
  </Icon>
);
export const Flag = () => (
  <Icon>
    <path d="M3.5 15V1.5M3.5 2.5h9l-2.5 3 2.5 3h-9" fill="none" stroke="currentColor" stroke-width="1.6" />
  </Icon>
);
export const Speech = () => (
  <Icon>
    <path d="M2 2.5h12v8H7.5L4.5 13.5v-3H2z" fill="none" stroke="currentColor" stroke-width="1.5" />
  </Icon>
);
export const Dots = () => (
  <Icon>
    <circle cx="3" cy="8" r="1.6" fill="currentColor" />
    <circle cx="8" cy="8" r="1.6" fill="currentColor" />
    <circle cx="13" cy="8" r="1.6" fill="currentColor" />
  </Icon>
);
