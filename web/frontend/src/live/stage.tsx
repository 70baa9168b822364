// The pictures: one large, the others beside it, never a page with hidden people.
import { signal } from "@preact/signals";
import { useHearing } from "./context";
import { TrackVideo, Meter } from "./fields";
import { Cam, Hand, Mic, Tick, Warn, Cross } from "./icons";
import { companions, faultWord, isHeard, isInterpreter, isPresent, lineWord, microphoneWord, right } from "./words";
import { languageName, list, t } from "../i18n";
import type { PersonView, View } from "../messages";
import type { Hearing } from "./hearing";
import { SPEAKING } from "./levels";

/** Whom this viewer has chosen to see large; empty for the page's own choice. */
const pinned = signal("");

/** Shows somebody large; the server gives them a place when there are more people than places. */
function pin(hearing: Hearing, whom: string): void {
  pinned.value = whom;
  void hearing.act("pin", { whom });
}

/** Who signs for this viewer: always large, whatever else is chosen; empty where nobody does. */
function signer(view: View): string {
  const needed = view.languages.find((language) => language.signed && language.lang === view.hears);
  if (!needed) return "";
  return view.people.find((person) => !person.you && isPresent(person) && isInterpreter(person) && person.renders === needed.lang)?.participant ?? "";
}

/** Who signs for this viewer; the person heard; on that person's own page, who speaks, else the judge. */
function main(view: View, speaker: string): string {
  const others = view.people.filter((person) => !person.you && isPresent(person));
  const has = (id: string): boolean => others.some((person) => person.participant === id);
  const signing = signer(view);
  if (signing) return signing;
  if (has(pinned.value)) return pinned.value;
  const heard = others.find(isHeard);
  if (heard) return heard.device_of || heard.participant;
  if (has(speaker)) return speaker;
  const rank = ["presiding_judge", "requested_authority"];
  const first = rank.map((role) => others.find((person) => person.role === role)).find((person) => person !== undefined);
  return (first ?? others[0])?.participant ?? "";
}

function trackOf(hearing: Hearing, person: PersonView): MediaStreamTrack | null {
  if (person.you) return hearing.sending.camera.value === "on" ? hearing.sending.equipment.camera.value : null;
  const slot = hearing.line.slots.value.find((slot) => slot.kind === "camera" && slot.participant === person.participant);
  return (slot && hearing.line.videos.value.get(slot.mid)) ?? null;
}

function describe(person: PersonView, speaking: boolean): string {
  return list(
    [
      person.you ? t("{name}, you", { name: person.name }) : person.name,
      person.role_label,
      [person.state, person.city].filter(Boolean).join(" "),
      person.speaks ? t("speaks {language}", { language: languageName(person.speaks) }) : "",
      microphoneWord(person),
      speaking ? t("speaking") : "",
      person.camera ? "" : t("no picture"),
      person.hand ? t("hand raised") : "",
      faultWord(person),
      person.line === "weak" || person.line === "lost" ? lineWord(person.line) : "",
    ].filter(Boolean),
  );
}

/** Only what is not as it should be: a good line is not worth a word. */
function LineChip({ line }: { line: PersonView["line"] }) {
  if (line === "unknown" || line === "good") return null;
  return (
    <span class={`line line-${line}`}>
      {line === "weak" ? <Warn /> : <Cross />} {lineWord(line)}
    </span>
  );
}

function Tile({ person, large, view }: { person: PersonView; large: boolean; view: View }) {
  const hearing = useHearing();
  const track = trackOf(hearing, person);
  const level = hearing.levels.all.value[person.participant] ?? 0;
  const lost = person.presence === "reconnecting" || person.line === "lost";
  const speaking = person.microphone === "on" && level >= SPEAKING && !view.hold && !lost;
  const since = person.lost_since ? Math.max(0, Math.floor((hearing.now.value - person.lost_since / 1e6) / 1_000)) : null;
  const beside = companions(view, person);
  const showVideo = track !== null && (person.you || person.camera);
  return (
    <div
      class={`tile${large ? " large" : ""}${speaking ? " speaking" : ""}${lost ? " lost" : ""}${isHeard(person) ? " whole" : ""}`}
      role="group"
      aria-label={describe(person, speaking)}
      data-testid={`tile-${person.participant}`}
    >
      <div class="picture">
        <TrackVideo track={showVideo ? track : null} mirrored={person.you} label={t("Picture of {name}", { name: person.name })} />
        {!showVideo && !lost && (
          <p class="no-picture">
            <Cam off /> {person.camera && view.status !== "closing" && right(view, "see_floor")?.allowed !== false ? t("Waiting for the picture") : t("No picture")}
          </p>
        )}
        {lost && (
          <p class="tile-lost">
            {person.fault ? t("Cannot be connected") : since === null ? t("Reconnecting") : t("Reconnecting, {n} s", { n: since })}
          </p>
        )}
        <span class="state-code">{person.state}</span>
        {person.you && <span class="you">{showVideo ? t("You, mirrored") : t("You")}</span>}
      </div>
      <div class="plate">
        <div class="plate-text">
          <p>
            <b dir="auto">{person.name}</b> <span>{person.role_label}</span>
            {large && person.city && <span> · <bdi>{person.state} {person.city}</bdi></span>}
          </p>
          {beside.length > 0 && (
            <p class="plate-2">{t("At this device: {people}", { people: list(beside.map((other) => `${other.name}, ${other.role_label}`)) })}</p>
          )}
          <p class="plate-2">
            <span class="mic">
              <Mic off={person.microphone !== "on"} /> {speaking ? t("speaking") : microphoneWord(person)}
            </span>
            {person.microphone === "on" && !lost && <Meter value={level} />}
            {large && person.speaks && <span>{t("speaks {language}", { language: languageName(person.speaks) })}</span>}
            {isInterpreter(person) && person.renders && <span>{t("into {language}", { language: languageName(person.renders) })}</span>}
            {person.hand && <span class="hand"><Hand /> {t("hand raised")}</span>}
            {person.identity_confirmed && person.needs_identity && <span><Tick /> {t("identity confirmed")}</span>}
            <LineChip line={person.line} />
          </p>
        </div>
        {!person.you && !large && (
          <button type="button" class="btn small pin" onClick={() => pin(hearing, person.participant)}>
            {t("Show large")}
            <span class="sr-only">: {person.name}</span>
          </button>
        )}
        {large && pinned.value === person.participant && (
          <button type="button" class="btn small pin" onClick={() => pin(hearing, "")}>
            {t("Choose automatically")}
          </button>
        )}
      </div>
    </div>
  );
}

export function Stage({ view }: { view: View }) {
  const hearing = useHearing();
  const present = view.people.filter((person) => (isPresent(person) || person.you) && !person.device_of);
  const large = main(view, hearing.levels.speaker.value);
  const chosen = present.find((person) => person.participant === large);
  // The own tile first, the others in the order of the roll: tiles never change places while somebody aims at one.
  const side = present.filter((person) => person.participant !== large).sort((a, b) => Number(b.you) - Number(a.you));
  return (
    <section class="stage" aria-label={t("People on screen")}>
      {chosen ? (
        <Tile person={chosen} large view={view} key={chosen.participant} />
      ) : (
        <p class="tile large alone">{t("Nobody else is in the room yet.")}</p>
      )}
      <div class={`side side-${Math.min(side.length, 7)}`}>
        {side.map((person) => (
          <Tile person={person} large={false} view={view} key={person.participant} />
        ))}
      </div>
    </section>
  );
}
