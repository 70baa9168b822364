// The pictures: one large and the others beside it, or all of one size. Elements stay where they are in the document (moving one would stop
// it); which is large is a matter of style.

import { useEffect, useRef } from "preact/hooks";
import type { Engine } from "./engine";
import { languageName, t } from "../i18n";
import { Icon } from "./icons";
import type { Showing, TrackPlayer } from "./track";
import { causeWord, personName } from "./words";
import { partName } from "./journal";

function Media({ track }: { track: TrackPlayer }) {
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    holder.current?.append(track.element);
  }, [track]);
  return <div class="player-media" ref={holder} />;
}

export function absentText(track: TrackPlayer, showing: Showing | undefined): string {
  const picture = track.video;
  switch (showing?.what) {
    case "media":
      return "";
    case "gap":
      return picture
        ? t("No picture: {cause}", { cause: causeWord(showing.gap.cause, showing.gap.by) })
        : t("No sound: {cause}", { cause: causeWord(showing.gap.cause, showing.gap.by) });
    case "bad":
      return t("Not shown: part {part} failed the check", { part: partName(track.view.name, showing.segment.n) });
    case "loading":
      return t("Loading: this is not yet the picture of this time");
    case "broken":
      return t("This browser cannot play this track");
    default:
      return picture ? t("No picture at this time") : t("No sound at this time");
  }
}

interface TileProps {
  track: TrackPlayer;
  /** BCP 47, from the person's microphone. */
  lang: string;
  showing: Showing | undefined;
  large: boolean;
  onLarge: () => void;
}

function Tile({ track, lang, showing, large, onLarge }: TileProps) {
  const name = personName(track.view);
  const absent = absentText(track, showing);
  const late = showing?.what === "loading";
  const language = lang ? t("speaks {language}", { language: languageName(lang) }) : "";
  return (
    <div class={`player-tile${large ? " is-large" : ""}${late ? " is-late" : absent ? " is-absent" : ""}`} role="group" aria-label={name} data-testid={`tile-${track.view.name}`}>
      <Media track={track} />
      {absent && <p class="player-absent">{!late && <Icon name="nopicture" />}<span>{absent}</span></p>}
      <div class="player-plate">
        <span class="player-name"><strong>{name}</strong>{language && <span class="player-lang"> {language}</span>}</span>
        {!large && <button type="button" onClick={onLarge} aria-label={t("Show {person} large", { person: name })}><Icon name="large" /></button>}
      </div>
    </div>
  );
}

/** `large` is the name of a track; "" is none. */
export function Stage({ engine, large, onLarge }: { engine: Engine; large: string; onLarge: (track: string) => void }) {
  const showing = engine.showing.value;
  const videos = engine.tracks.filter((track) => track.video);
  const sounds = engine.tracks.filter((track) => !track.video);
  const speaks = (track: TrackPlayer): string => sounds.find((each) => each.view.role === track.view.role && each.view.kind === "floor-audio")?.view.lang ?? "";
  return (
    <div class={`player-tiles count-${Math.min(videos.length, 6)}${large ? "" : " is-grid"}`}>
      {videos.map((track) => (
        <Tile key={track.view.name} lang={speaks(track)} track={track} showing={showing.get(track.view.name)} large={track.view.name === large} onLarge={() => onLarge(track.view.name)} />
      ))}
      <div class="player-sounds">{sounds.map((track) => <Media key={track.view.name} track={track} />)}</div>
    </div>
  );
}
