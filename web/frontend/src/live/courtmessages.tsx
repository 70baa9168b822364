// Short texts to the court and its answers: for the person who wrote, and for who may answer.
import { useEffect, useId, useState } from "preact/hooks";
import { useHearing } from "./context";
import { Refusal, ReasonDialog } from "./dialog";
import { TimePair } from "./time";
import { right } from "./words";
import { t } from "../i18n";
import type { MessageView, View } from "../messages";

const LONGEST = 500;

/** Messages of others that this page has not shown yet. */
export const unread = (view: View, seen: number): number => view.messages.filter((message) => !message.mine && message.entry > seen).length;

/** `shown`: whether they are on the screen now, so that they count as read. */
export function CourtMessages({ view, shown }: { view: View; shown: boolean }) {
  const hearing = useHearing();
  const [answering, setAnswering] = useState<MessageView | null>(null);
  const last = view.messages[view.messages.length - 1]?.entry ?? 0;
  useEffect(() => {
    if (shown && last > hearing.messagesSeen.value) hearing.messagesSeen.value = last;
  }, [shown, last]);
  return (
    <section class="record" aria-labelledby="messages-title">
      <h2 id="messages-title">{t("Messages to the court")}</h2>
      {right(view, "write_to_court")?.allowed && <Write />}
      {view.messages.length === 0 && <p class="quiet">{t("No messages yet.")}</p>}
      <ul class="entries">
        {[...view.messages].reverse().map((message) => (
          <li key={message.entry}>
            <p>
              <b dir="auto">{message.by}</b> <span class="quiet">{message.by_label}</span>
              {message.to && <> → <bdi>{message.to}</bdi></>}
            </p>
            <p class="kept" dir="auto">{message.text}</p>
            <p class="quiet">
              <TimePair at={message.at / 1e6} places={view.places} />
            </p>
            {message.answerable && (
              <button type="button" class="btn small" onClick={() => setAnswering(message)}>
                {t("Answer {name}", { name: message.by })}
              </button>
            )}
          </li>
        ))}
      </ul>
      {answering && (
        <ReasonDialog
          title={t("Answer {name}", { name: answering.by })}
          text={answering.text}
          label={t("Answer")}
          confirm={t("Send")}
          required
          most={LONGEST}
          onConfirm={async (text) => (await hearing.act("answer_message", { entry: answering.entry, text })).ok}
          onClose={() => setAnswering(null)}
        />
      )}
    </section>
  );
}

function Write() {
  const hearing = useHearing();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useId();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!text.trim()) return;
    setBusy(true);
    const { ok } = await hearing.act("write_to_court", { text: text.trim() });
    setBusy(false);
    if (ok) setText("");
  };
  return (
    <form class="record-form" onSubmit={(event) => void submit(event)}>
      <label for={field}>{t("Message to the court")}</label>
      <textarea id={field} rows={2} maxLength={LONGEST} dir="auto" value={text} aria-describedby={`${field}-hint`} onInput={(event) => setText(event.currentTarget.value)} />
      <p class="why" id={`${field}-hint`}>
        {t("The court reads it, and it stays in the log of the hearing.")}
      </p>
      <button type="submit" class="btn small" disabled={busy}>
        {t("Send")}
      </button>
    </form>
  );
}

/** In the lobby, behind a disclosure. */
export function LobbyMessages({ view }: { view: View }) {
  const hearing = useHearing();
  const [open, setOpen] = useState(false);
  const count = unread(view, hearing.messagesSeen.value);
  return (
    <details class="network-check" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t("Messages to the court")} {count > 0 && <span class="count">{t("{n} new", { n: count })}</span>}
      </summary>
      <CourtMessages view={view} shown={open} />
      {open && <Refusal />}
    </details>
  );
}
