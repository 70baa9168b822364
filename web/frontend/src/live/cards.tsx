// Script cards: what is read out now, in the language of whoever reads and in that of the person; the buttons of each.
// The server chooses the text and says what it is. A draft is not read before the presiding judge has taken it over.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { announce } from "./announce";
import { useHearing } from "./context";
import { Dialog, DialogRefusal } from "./dialog";
import { Select } from "./fields";
import { Tick, Warn } from "./icons";
import { asked } from "./record";
import { right } from "./words";
import { pt, t, tn } from "../i18n";
import type { CardView, PressCard, View } from "../messages";

/** A text as the server gives it: the words, what they are, and whether a translation is missing. */
interface CardText {
  language: string;
  direction: "ltr" | "rtl";
  name: string;
  version: number;
  sha256: string;
  text: string;
  approved: boolean;
  status: string;
  missing: string;
}

/** What would be read; or why nothing can be. */
interface Sheet {
  problem?: string;
  by: string;
  readers: [id: string, name: string][];
  texts: CardText[];
  gap: { name: string; label: string } | null;
  complete: boolean;
  drafts: boolean;
  adopted: boolean;
  hint: string;
}

type Pressed = Pick<PressCard, "button"> & Partial<Pick<PressCard, "answer" | "text" | "by" | "shown" | "typed">>;

/** Milliseconds without a key before what was typed is asked for. */
const TYPING_MS = 300;

/** Due cards shown at once; the others are behind a disclosure, so that log and roll stay near. */
const SHOWN = 3;

const keyOf = (card: CardView): string => `${card.card} ${card.law} ${card.whom}`;

export function Cards({ view }: { view: View }) {
  const [open, setOpen] = useState("");
  if (view.cards.length === 0) return null;
  const reads = right(view, "read_card")?.allowed ?? false;
  const due = view.cards.filter((card) => card.due);
  const rest = view.cards.filter((card) => !card.due);
  const chosen = view.cards.find((card) => keyOf(card) === open);
  return (
    <section class="cards" aria-labelledby="cards-title">
      <h2 id="cards-title">{reads ? t("Cards to read out") : t("Read out now")}</h2>
      {!reads && view.cards.map((card) => <Heard key={keyOf(card)} card={card} />)}
      {reads && due.length === 0 && <p class="quiet">{t("No card is outstanding.")}</p>}
      {reads && <List cards={due.slice(0, SHOWN)} open={setOpen} />}
      {reads && due.length > SHOWN && (
        <details class="more">
          <summary>{tn("{n} more card to read out", "{n} more cards to read out", due.length - SHOWN)}</summary>
          <List cards={due.slice(SHOWN)} open={setOpen} />
        </details>
      )}
      {reads && rest.length > 0 && (
        <details class="more">
          <summary>{tn("{n} card that is not due", "{n} cards that are not due", rest.length)}</summary>
          <List cards={rest} open={setOpen} />
        </details>
      )}
      {reads && chosen && <CardDialog key={open} view={view} card={chosen} onClose={() => setOpen("")} />}
    </section>
  );
}

function List({ cards, open }: { cards: CardView[]; open(key: string): void }) {
  return (
    <ul class="card-list">
      {cards.map((card) => (
        <li key={keyOf(card)}>
          <button type="button" class="btn small" onClick={() => open(keyOf(card))}>
            {card.title}
            <span class="sr-only">: {whom(card)}, {card.law_label}</span>
          </button>
          <p class="quiet">
            <bdi>{whom(card)}</bdi> · {card.law_label}
          </p>
          <Done card={card} />
        </li>
      ))}
    </ul>
  );
}

const whom = (card: CardView): string => card.name || t("everybody in the room");

/** What has been done with a card, in words. */
function Done({ card }: { card: CardView }) {
  const words = [
    card.read !== null && t("read out"),
    card.rendered && t("interpreted"),
    card.answer && answerWords(card.answer),
    card.counsel && t("counsel asked for"),
    card.done && card.read === null && t("recorded otherwise"),
  ].filter((word): word is string => Boolean(word));
  if (words.length === 0) return null;
  return (
    <p class={card.done ? "ok" : "quiet"}>
      {card.done && <Tick />} {words.join(" · ")}
    </p>
  );
}

function answerWords(answer: string): string {
  const words: Record<string, string> = {
    yes: t("answered: yes"),
    no: t("answered: no"),
    other: t("answered otherwise"),
    claims: t("privilege claimed"),
    not_required: t("not required by this law"),
  };
  return words[answer] ?? answer;
}

/** One text, in its language and direction. */
function Text({ text }: { text: CardText }) {
  return (
    <article class="card-text">
      <h3>{text.name}</h3>
      {text.missing && (
        <p class="warn">
          <Warn /> {text.missing}
        </p>
      )}
      <p class={text.approved ? "ok" : "warn"}>
        {text.approved ? <Tick /> : <Warn />} {text.status}
      </p>
      <p class="card-words" lang={text.language} dir={text.direction}>
        {text.text}
      </p>
      <p class="quiet">
        {t("Version {n}", { n: text.version })} · <bdi dir="ltr" class="card-hash">SHA-256 {text.sha256}</bdi>
      </p>
    </article>
  );
}

/** Gets JSON of this hearing; null while it is not there. */
function useAnswer<Kind>(path: string): Kind | null {
  const hearing = useHearing();
  const [answer, setAnswer] = useState<Kind | null>(null);
  useEffect(() => {
    let current = true;
    const load = async (): Promise<void> => {
      try {
        const response = await fetch(`/h/${hearing.config.ref}/cards${path}`, { credentials: "same-origin", cache: "no-store" });
        if (response.ok && current) setAnswer((await response.json()) as Kind);
      } catch {
        // The line is down, which the page says; what was loaded stays.
      }
    };
    if (path) void load();
    else setAnswer(null);
    return () => {
      current = false;
    };
  }, [path]);
  return answer;
}

/** A card as it was read: for the person it is read to, and for who interprets it. */
function Heard({ card }: { card: CardView }) {
  const hearing = useHearing();
  const read = useAnswer<{ texts: CardText[] }>(card.read === null ? "" : `/${card.read}`);
  const mine = hearing.me.value?.participant === card.whom;
  const texts = mine ? read?.texts.slice(-1) : read?.texts;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!texts) return;
    announce(t("Read out now: {title}", { title: card.title }), "matters");
    // On a small screen the text stands below the pictures; the focus stays where it is.
    if (mine) place.current?.scrollIntoView({ block: "center" });
  }, [Boolean(texts)]);
  const press = (pressed: Pressed): void => void hearing.act("press_card", { card: card.card, law: card.law, whom: card.whom, ...pressed });
  return (
    <div class="card-heard" ref={place} data-testid={`card-${card.card}`}>
      <p>
        <b>{card.title}</b> · {card.law_label}
      </p>
      {texts?.map((text) => <Text key={text.sha256} text={text} />)}
      <div class="row acts">
        {card.buttons.includes("rendered") && !card.rendered && (
          <button type="button" class="btn" onClick={() => press({ button: "rendered" })}>
            {t("I have interpreted it")}
          </button>
        )}
        {mine && card.buttons.includes("answer") && (
          <>
            <button type="button" class="btn" onClick={() => press({ button: "answer", answer: "yes" })}>
              {t("I have understood")}
            </button>
            <button type="button" class="btn" onClick={() => press({ button: "answer", answer: "no" })}>
              {t("I have not understood")}
            </button>
          </>
        )}
      </div>
    </div>
  );
}

function CardDialog({ view, card, onClose }: { view: View; card: CardView; onClose(): void }) {
  const hearing = useHearing();
  const [by, setBy] = useState("");
  const [typed, setTyped] = useState("");
  const [sought, setSought] = useState("");
  const [again, setAgain] = useState(false);
  const field = useId();
  useEffect(() => {
    const timer = window.setTimeout(() => setSought(typed), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [typed]);
  const latest = view.recorded[0]?.seq ?? 0;
  const query = new URLSearchParams({ card: card.card, law: card.law, whom: card.whom, by, typed: sought, after: String(latest) });
  const fresh = card.read === null || again;
  const sheet = useAnswer<Sheet>(`?${query}`);
  const read = useAnswer<{ texts: CardText[] }>(fresh ? "" : `/${card.read}`);
  const texts = fresh ? sheet?.texts : read?.texts;
  const press = async (pressed: Pressed): Promise<boolean> => {
    const { ok } = await hearing.act("press_card", { card: card.card, law: card.law, whom: card.whom, ...pressed });
    if (ok) announce(t("Added to the log: {act}", { act: card.title }), "matters");
    return ok;
  };
  const may = (button: PressCard["button"]): boolean => card.buttons.includes(button);
  const words = { by: sheet?.by ?? "", shown: sheet?.texts?.map((text) => text.sha256) ?? [], typed: sought };
  return (
    <Dialog title={card.title} wide onClose={onClose}>
      <p>
        {t("To {name}", { name: whom(card) })} · {card.law_label}
      </p>
      <Done card={card} />
      {sheet?.hint && <p class="quiet">{sheet.hint}</p>}
      {fresh && sheet?.problem && <p class="warn">{sheet.problem}</p>}
      {fresh && (sheet?.readers?.length ?? 0) > 1 && (
        <Select
          label={t("Read out by")}
          value={sheet?.by ?? ""}
          options={sheet?.readers.map(([value, label]) => ({ value, label })) ?? []}
          onChange={setBy}
        />
      )}
      {fresh && sheet?.gap && (
        <div class="field">
          <label for={field}>{sheet.gap.label}</label>
          <textarea id={field} rows={2} maxLength={300} dir="auto" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        </div>
      )}
      <div class="card-texts">{texts?.map((text) => <Text key={`${text.language} ${text.sha256}`} text={text} />)}</div>
      <DialogRefusal />
      {fresh && sheet?.drafts && !sheet.adopted && !may("adopt") && (
        <p class="warn">{t("The presiding judge has to take over this draft before it is read out.")}</p>
      )}
      {fresh && sheet?.texts && may("read") && (
        <div class="row">
          {sheet.drafts && !sheet.adopted && may("adopt") && (
            <button type="button" class="btn" disabled={!sheet.complete || sought !== typed} onClick={() => void press({ button: "adopt", ...words })}>
              {t("Take over this draft")}
            </button>
          )}
          <button
            type="button"
            class="btn"
            disabled={!sheet.complete || sought !== typed || (sheet.drafts && !sheet.adopted)}
            onClick={() => void press({ button: "read", ...words }).then((ok) => ok && setAgain(false))}
          >
            {t("Read out")}
          </button>
        </div>
      )}
      {!fresh && <Followed card={card} may={may} press={press} again={() => setAgain(true)} />}
      <Answers view={view} card={card} fresh={fresh} may={may} press={press} onClose={onClose} />
      <div class="row">
        <button type="button" class="btn" onClick={onClose}>
          {pt("dialog", "Close")}
        </button>
      </div>
    </Dialog>
  );
}

function Followed(props: { card: CardView; may(button: PressCard["button"]): boolean; press(pressed: Pressed): Promise<boolean>; again(): void }) {
  const { card, may, press } = props;
  return (
    <div class="row">
      {may("rendered") && !card.rendered && (
        <button type="button" class="btn" onClick={() => void press({ button: "rendered" })}>
          {t("Interpreted")}
        </button>
      )}
      <button type="button" class="btn" onClick={props.again}>
        {t("Read it out again")}
      </button>
    </div>
  );
}

/** The answer: nothing is chosen beforehand; what is said otherwise is noted word for word. */
function Answers(props: {
  view: View;
  card: CardView;
  fresh: boolean;
  may(button: PressCard["button"]): boolean;
  press(pressed: Pressed): Promise<boolean>;
  onClose(): void;
}) {
  const { view, card, fresh, may, press } = props;
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const labels: Record<string, string> = {
    yes: t("Answer: yes"),
    no: t("Answer: no"),
    other: t("Another answer, word for word"),
    claims: t("Claims the privilege"),
    not_required: t("Finding: not required by this law"),
  };
  const answers = may("answer") ? card.answers.filter((answer) => !fresh || answer === "not_required") : [];
  const worded = answers.some((answer) => answer !== "yes" && answer !== "no");
  const answer = async (given: string): Promise<void> => {
    const lacks = given !== "yes" && given !== "no" && !text.trim();
    setMissing(lacks);
    if (lacks) field.current?.focus();
    else if (await press({ button: "answer", answer: given as PressCard["answer"], text: given === "yes" || given === "no" ? "" : text })) setText("");
  };
  const claim = view.recorded.find((entry) => entry.kind === "privilege_claim" && entry.replaced_by === null);
  const rule = (): void => {
    asked.value = { kind: "ruling", values: { on: String(claim?.seq ?? ""), law: card.law }, corrects: 0 };
    props.onClose();
  };
  return (
    <>
      {worded && (
        <div class="field">
          <label for={id}>{t("Word for word: the answer, the claim or the reason")}</label>
          {missing && (
            <p class="field-error" id={`${id}-error`} role="alert">
              {t("Write down what was said.")}
            </p>
          )}
          <textarea
            id={id}
            ref={field}
            rows={2}
            maxLength={2000}
            dir="auto"
            value={text}
            aria-invalid={missing ? "true" : undefined}
            aria-describedby={missing ? `${id}-error` : undefined}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </div>
      )}
      <div class="row">
        {answers.map((given) => (
          <button type="button" class="btn" key={given} onClick={() => void answer(given)}>
            {labels[given] ?? given}
          </button>
        ))}
        {may("counsel") && !card.counsel && (
          <button type="button" class="btn" onClick={() => void press({ button: "counsel" })}>
            {t("Person asks for counsel")}
          </button>
        )}
        {card.answer === "claims" && claim && (
          <button type="button" class="btn" onClick={rule}>
            {t("Record the ruling")}
          </button>
        )}
      </div>
    </>
  );
}
