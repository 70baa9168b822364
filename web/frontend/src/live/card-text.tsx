// The texts of script cards, as the server gives them, and what has been done with a card.
import { useEffect, useState } from "preact/hooks";
import { useHearing } from "./context";
import { Tick, Warn } from "./icons";
import { t } from "../i18n";
import type { CardView, PressCard } from "../messages";

/** A text as the server gives it: the words, what they are, and whether a translation is missing. */
export interface CardText {
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

/** What is pressed on a card, without the parts that name it. */
export type Pressed = Pick<PressCard, "button"> & Partial<Pick<PressCard, "answer" | "text" | "by" | "shown" | "typed">>;

export const whom = (card: CardView): string => card.name || t("everybody in the room");

/** What has been done with a card, in words. */
export function Done({ card }: { card: CardView }) {
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
export function Text({ text }: { text: CardText }) {
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
export function useAnswer<Kind>(path: string): Kind | null {
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
