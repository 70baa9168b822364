// Script cards: what is read out now, in the language of whoever reads and in that of the person; the buttons of each.
// The server chooses the text and says what it is. A draft is not read before the presiding judge has taken it over.
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "./announce";
import { CardDialog } from "./card-dialog";
import { Done, Text, useAnswer, whom, type CardText, type Pressed } from "./card-text";
import { useHearing } from "./context";
import { right } from "./words";
import { t, tn } from "../i18n";
import type { CardView, View } from "../messages";

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
