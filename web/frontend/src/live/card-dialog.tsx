// A script card while it is read out: its texts, and the buttons for what follows.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { announce } from "./announce";
import { Done, Text, useAnswer, whom, type CardText, type Pressed } from "./card-text";
import { useHearing } from "./context";
import { Dialog, DialogRefusal } from "./dialog";
import { Select } from "./fields";
import { asked } from "./record";
import { pt, t } from "../i18n";
import type { CardView, PressCard, View } from "../messages";

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

/** Milliseconds without a key before what was typed is asked for. */
const TYPING_MS = 300;

export function CardDialog({ view, card, onClose }: { view: View; card: CardView; onClose(): void }) {
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
