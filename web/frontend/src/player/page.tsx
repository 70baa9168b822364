// What the page shows while a recording is open: pictures, transport, timeline, and beside them search, log and gaps.

import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { languageName, t } from "../i18n";
import { CaptionList, CaptionsNow, useCaptions } from "./caption-list";
import { SPEEDS } from "./clock";
import { courseOf } from "./course";
import type { Engine } from "./engine";
import { Finder, type KeptState, useLog } from "./finder";
import { Icon } from "./icons";
import { partName } from "./journal";
import { type Hands, KeyList, press } from "./keys";
import { BEFORE, GapList, type KindOfEntry, Log } from "./rail";
import { Stage, absentText } from "./stage";
import { Legend, Timeline } from "./timeline";
import { Dates, timesText } from "./times";
import { Transport } from "./transport";
import { type Place, elapsedText, heard, personName } from "./words";

export interface PageConfig {
  /** Path of the recording's pages: `/recordings/<id>`. */
  base: string;
  places: Place[];
  /** The entries of the log that are marked on the timeline, by kind. */
  kinds: Record<string, KindOfEntry>;
  /** Path of the page of the log. */
  log: string;
  /** Path of the texts of the log. */
  texts: string;
  /** Path of the captions in the log. */
  captions: string;
}

/** Of two entries as near as this the step back goes to the earlier: playing has gone on meanwhile. */
const NEAR = 1_500;

/** `kept`: the transcripts that are kept with the recording, and how to ask for them. `head`: its signed head, `size:root`. `fits`: whether the page may move so that pictures, transport and timeline are in the window; what stands above them is
 * then out of sight. */
export function Player({ engine: player, config, head, kept, fits }: { engine: Engine; config: PageConfig; head: string; kept: KeptState; fits: boolean }) {
  const { base, places, kinds } = config;
  const shapes = useMemo(() => Object.fromEntries(Object.entries(kinds).map(([kind, { shape }]) => [kind, shape])), [kinds]);
  const course = useMemo(() => courseOf(player.recording, shapes), [player, shapes]);
  const videos = player.tracks.filter((track) => track.video);
  const [large, setLarge] = useState((videos.find((track) => heard(track.view)) ?? videos[0])?.view.name ?? "");
  const [grid, setGrid] = useState(false);
  const zero = Number(BigInt(player.recording.zero) / 1_000_000n);
  const captions = useCaptions(player, config.captions);
  const log = useLog(player, config.texts);
  const frame = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();
  useEffect(() => {
    frame.current?.focus({ preventScroll: true });
    // Not before the timeline is drawn: until then the page is too short to be moved so far.
    const drawn = requestAnimationFrame(() => requestAnimationFrame(() => { if (fits) frame.current?.scrollIntoView({ block: "start" }); }));
    return () => cancelAnimationFrame(drawn);
  }, []);
  const enlarge = (name: string): void => {
    setLarge(name);
    setGrid(false);
  };
  const hands: Hands = {
    search: () => field.current?.focus(),
    turnGrid: () => setGrid(!grid),
    enlarge: (number) => {
      const track = videos[number - 1];
      if (track) enlarge(track.view.name);
    },
    help: () => {
      const found = document.getElementById(list) as HTMLDetailsElement;
      found.open = !found.open;
      found.querySelector("summary")?.focus();
    },
    step: (by) => {
      const now = player.clock.now() + BEFORE;
      const to = by > 0 ? course.marks.find((mark) => mark.t > now + 1) : course.marks.findLast((mark) => mark.t < now - NEAR);
      if (to) player.goTo(to.t - BEFORE);
    },
  };
  return (
    <div class="split player-open-page" onKeyDown={(event) => void press(event, player, hands)}>
      <div class="column player-frame" ref={frame} tabIndex={-1} role="region" aria-label={t("Player")}>
        <div>
          <Stopped player={player} />
          <Stage engine={player} large={grid ? "" : large} onLarge={enlarge} />
          <CaptionsNow engine={player} state={captions} />
        </div>
        <section class="panel player-controls" aria-label={t("Playing")}>
          <div class="body">
            <p class="player-day"><Dates at={zero} places={places} /></p>
            <Transport engine={player} places={places} zero={zero} />
            <Timeline engine={player} course={course} kinds={kinds} places={places} zero={zero} />
            <Legend course={course} />
            <div class="player-tools">
              {videos.length > 1 && <button type="button" class="player-round" aria-pressed={grid} onClick={hands.turnGrid}><Icon name="grid" />{t("All of one size")}</button>}
              <Speed player={player} />
              <a class="small" href={`${base}/timeline`}>{t("As a table, with the quality of the lines")}</a>
            </div>
            <KeyList id={list} />
          </div>
        </section>
      </div>
      <div class="column">
        <Languages player={player} />
        <Finder engine={player} head={head} kept={kept} captions={captions} log={log} kinds={kinds} zero={zero} places={places} field={field} />
        <Log engine={player} marks={course.marks} texts={log.texts} zero={zero} places={places} kinds={kinds} log={config.log} />
        <CaptionList engine={player} state={captions} zero={zero} places={places} />
        <GapList engine={player} zero={zero} places={places} />
      </div>
      <Announcer player={player} zero={zero} places={places} />
    </div>
  );
}

function Speed({ player }: { player: Engine }) {
  const id = useId();
  return (
    <span class="player-speed">
      <label for={id}>{t("Speed")}</label>
      <select id={id} value={String(player.speed.value)} onChange={(event) => player.setSpeed(Number(event.currentTarget.value))}>
        {SPEEDS.map((each) => <option key={each} value={String(each)}>{t("{n}×", { n: each })}</option>)}
      </select>
    </span>
  );
}

function Stopped({ player }: { player: Engine }) {
  const failure = player.stopped.value;
  return (
    <div role="alert" class={failure ? "inset rec" : ""} data-testid="stopped">
      {failure && <p><strong>{t("Stopped: part {part} failed the check.", { part: partName(failure.track, failure.n) })}</strong> {t("What follows in this track is not what was sealed. Do not rely on this recording. Playback continues after the failed part, without it.")}</p>}
    </div>
  );
}

function Languages({ player }: { player: Engine }) {
  const language = player.language.value;
  const original = player.original.value;
  const options = ["", ...player.languages];
  return (
    <fieldset class="player-languages">
      <legend>{t("Language you hear")}</legend>
      <div class="player-options">
        {options.map((option) => (
          <label key={option}>
            <input type="radio" name="language" value={option} checked={language === option} onChange={() => (player.language.value = option)} />
            <span lang={option || undefined}>{option === "" ? t("Original (floor)") : languageName(option)}</span>
          </label>
        ))}
      </div>
      {language !== "" && (
        <div class="player-original">
          <label for="original">{t("Original under the interpretation")}</label>
          <input id="original" type="range" min={0} max={40} step={5} value={original} aria-valuetext={t("{n} percent", { n: original })} dir="ltr"
            onInput={(event) => (player.original.value = Number(event.currentTarget.value))} />
          <output for="original"><bdi dir="ltr">{original} %</bdi></output>
        </div>
      )}
      <p class="player-hears" role="status">{hears(player)}</p>
    </fieldset>
  );
}

function hears(player: Engine): string {
  const language = player.language.value;
  if (language === "") return t("You hear everyone in the original.");
  const name = languageName(language);
  return player.interpreted.value
    ? t("You hear {language}: those who speak it, and the interpreter.", { language: name })
    : t("No interpreter into {language} at this moment. You hear everyone in the original.", { language: name });
}

/** Says what changes to people who do not see it, at most once in 1.5 s. */
function Announcer({ player, zero, places }: { player: Engine; zero: number; places: Place[] }) {
  const [text, setText] = useState("");
  const wanted = player.wanted.value;
  const speed = player.speed.value;
  const went = player.went.value;
  const absent = player.tracks.filter((track) => track.video).map((track) => [track, absentText(track, player.showing.value.get(track.view.name))] as const);
  const gone = absent.filter(([, words]) => words !== "").map(([track, words]) => `${personName(track.view)}: ${words}`).join(". ");
  const before = useRef({ wanted: false, gone: "", speed: 1, went });
  const waiting = useRef("");
  useEffect(() => {
    const last = before.current;
    if (last.went !== went && went) waiting.current = t("Went to {time}", { time: timesText(zero + went.at, places) });
    if (last.speed !== speed) waiting.current = t("Speed {n}×", { n: speed });
    Object.assign(last, { speed, went });
    if (last.wanted !== wanted) {
      waiting.current = wanted ? t("Playing") : t("Paused at {time}", { time: `${elapsedText(player.clock.now())}, ${timesText(zero + player.clock.now(), places)}` });
    }
    last.wanted = wanted;
    // What lasts no longer than this is not worth a word: a picture that comes at once.
    const timer = setTimeout(() => {
      const parts = [waiting.current, before.current.gone === gone ? "" : gone].filter((part) => part !== "");
      waiting.current = "";
      before.current.gone = gone;
      if (parts.length) setText(parts.join(". "));
    }, 300);
    return () => clearTimeout(timer);
  }, [wanted, gone, speed, went, player, zero, places]);
  return <p class="visually-hidden" role="status" data-testid="live-polite">{text}</p>;
}
