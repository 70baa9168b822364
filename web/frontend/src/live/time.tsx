// Times of both courts. Each city with its time is an element of its own: in a right-to-left line the bidirectional
// algorithm would otherwise attach the hours to the wrong city.
import { lang, official } from "../i18n";
import type { PlaceView } from "../messages";

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${official()} ${zone} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(official(), { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(key, found);
  }
  return found;
}

/** "UTC+02:00" */
export function offset(at: number, zone: string): string {
  const parts = format(zone, { timeZoneName: "longOffset" }).formatToParts(at);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  const digits = /[+\-−]\d\d(:\d\d)?/.exec(name)?.[0].replace("−", "-") ?? "+00:00";
  return `UTC${digits}`;
}

export function clock(at: number, zone: string, seconds = false): string {
  const parts = format(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).formatToParts(at);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value.padStart(2, "0") ?? "00";
  return `${of("hour")}:${of("minute")}${seconds ? `:${of("second")}` : ""}`;
}

export function date(at: number, zone: string): string {
  return format(zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(at);
}

/** One instant in both courts. `at` is ms since 1970 UTC. */
export function TimePair({
  at,
  places,
  seconds = false,
  dates = false,
}: {
  at: number;
  places: PlaceView[];
  seconds?: boolean;
  dates?: boolean;
}) {
  return (
    <span class={dates ? "times dated" : "times"}>
      {places.map((place) => (
        <bdi class="time" key={place.zone + place.city}>
          {dates && <span class="date">{date(at, place.zone)} </span>}
          <time class="clock" dir="ltr" dateTime={new Date(at).toISOString()}>
            {clock(at, place.zone, seconds)}
          </time>{" "}
          <span lang={lang()}>{place.city}</span> <bdi class="offset">{offset(at, place.zone)}</bdi>
        </bdi>
      ))}
    </span>
  );
}

/** "42:17" or "1:42:17", from milliseconds. */
export function duration(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(whole / 3_600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
