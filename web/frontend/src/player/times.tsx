// The wall times of both courts, always together. Each city and time is an element of its own: in a right-to-left line
// the hour must not move to the other city.

import { Fragment } from "preact";
import { list, t } from "../i18n";
import { type Place, dateText, dayKey, offsetText, wallTime } from "./words";

export function TimePair({ at, places, offsets }: { at: number; places: Place[]; offsets?: boolean }) {
  const home = places[0];
  return (
    <span class="player-times">
      {places.map((place) => {
        const day = dayKey(at, place.zone);
        const first = home ? dayKey(at, home.zone) : day;
        return (
          <span class="player-time" key={place.zone}>
            <bdi class="t" dir="ltr">{wallTime(at, place.zone)}</bdi> <bdi>{place.city}</bdi>
            {offsets && <Fragment> <bdi class="offset" dir="ltr">({offsetText(at, place.zone)})</bdi></Fragment>}
            {day > first && <span class="day-shift"> {t("next day")}</span>}
            {day < first && <span class="day-shift"> {t("day before")}</span>}
          </span>
        );
      })}
    </span>
  );
}

/** The same for a screen reader, as one sentence. */
export function timesText(at: number, places: Place[]): string {
  return list(places.map((place) => `${wallTime(at, place.zone)} ${place.city}`));
}

export function Dates({ at, places }: { at: number; places: Place[] }) {
  const days = places.map((place) => ({ place, text: dateText(at, place.zone) }));
  const same = days.every((day) => day.text === days[0]?.text);
  return (
    <span class="player-dates">
      {same ? <bdi>{days[0]?.text}</bdi> : days.map((day) => <span key={day.place.zone}><bdi>{day.text}</bdi> <bdi>{day.place.city}</bdi></span>)}
    </span>
  );
}
