// The record: what judge, clerk and requested authority enter into the log, and interpreters and technicians as a remark
// of their own; the latest entries with both clocks and the time code of the recording. Which kinds and fields there are,
// and what can be chosen, the server says.
import { signal } from "@preact/signals";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { announce } from "./announce";
import { useHearing } from "./context";
import { preferences, pressed, printed } from "./preferences";
import { TimePair, duration } from "./time";
import { isPresent, right } from "./words";
import { pt, t, tn } from "../i18n";
import type { RecordedView, View } from "../messages";

interface Field {
  name: string;
  label: string;
  required: boolean;
  options: [value: string, label: string][] | null;
  most: number;
}

interface Kind {
  kind: string;
  label: string;
  fields: Field[];
}

/** What is being entered: an act, or the correction or withdrawal of an entry. */
interface Draft {
  kind: string;
  values: Record<string, string>;
  corrects: number;
}

/** Asked for elsewhere on the page: the form opens with it. */
export const asked = signal<Draft | null>(null);

/** The forms of what this person may enter, as the server gives them; null while the line is down, which the page says. */
export async function kindsOf(ref: string, query: string): Promise<Kind[] | null> {
  try {
    const answer = await fetch(`/h/${ref}/record/kinds${query}`, { credentials: "same-origin", cache: "no-store" });
    return answer.ok ? ((await answer.json()) as Kind[]) : null;
  } catch {
    return null;
  }
}

/** Made by a press of a card: not corrected by hand, only withdrawn. */
const BY_CARD = new Set(["card_adopted", "card_read", "card_rendered", "card_answered"]);

/** Entries shown at once; the earlier ones are behind a disclosure, so that the roll stays near. */
const SHOWN = 3;

/** What the form begins with: a note of who records acts, else a remark of one's own. */
function empty(view: View): Draft {
  return { kind: right(view, "record_act")?.allowed ? "log_note" : "remark", values: {}, corrects: 0 };
}

export function Record({ view }: { view: View }) {
  const may = (right(view, "record_act")?.allowed || right(view, "record_remark")?.allowed) ?? false;
  const [draft, setDraft] = useState(() => empty(view));
  const [open, setOpen] = useState(false);
  const first = useRef<HTMLSelectElement>(null);
  const ending = view.status === "closing" || view.status === "closed";
  const enters = may && !ending;
  const { keys } = preferences.value;
  const begin = (next: Draft): void => {
    setDraft(next);
    setOpen(true);
    window.setTimeout(() => first.current?.focus());
  };
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (!pressed(event, "log")) return;
      event.preventDefault();
      setOpen(true);
      window.setTimeout(() => first.current?.focus());
    };
    if (enters) window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [enters]);
  useEffect(() => {
    if (!asked.value || !enters) return;
    begin(asked.value);
    asked.value = null;
  }, [asked.value]);
  if (!may && view.recorded.length === 0) return null;
  return (
    <section class="record" aria-labelledby="record-title">
      <h2 id="record-title">{t("Log")}</h2>
      {enters && (
        <button type="button" class="btn small" aria-expanded={open} aria-keyshortcuts={printed(keys.log) || undefined} onClick={() => (open ? setOpen(false) : begin(draft))}>
          {open ? pt("dialog", "Close") : t("Add to the log")} {keys.log && <kbd aria-hidden="true" dir="ltr">{printed(keys.log)}</kbd>}
        </button>
      )}
      {enters && open && <Form view={view} draft={draft} change={setDraft} first={first} />}
      <Entries view={view} correct={enters ? begin : null} />
    </section>
  );
}

function Form(props: { view: View; draft: Draft; change(draft: Draft): void; first: { current: HTMLSelectElement | null } }) {
  const { view, draft, change } = props;
  const hearing = useHearing();
  const id = useId();
  const [kinds, setKinds] = useState<Kind[]>([]);
  const [missing, setMissing] = useState("");
  const [busy, setBusy] = useState(false);
  // What can be chosen changes with who is in the room and what has been entered.
  const here = view.people.filter(isPresent).map((person) => person.participant).join(" ");
  const latest = view.recorded[0]?.seq ?? 0;
  useEffect(() => {
    let current = true;
    const query = draft.corrects ? `?corrects=${draft.corrects}` : "";
    const load = async (): Promise<void> => {
      const found = await kindsOf(hearing.config.ref, query);
      if (found && current) setKinds(found);
    };
    void load();
    return () => {
      current = false;
    };
  }, [draft.kind, draft.corrects, here, latest]);
  const kind = kinds.find((one) => one.kind === draft.kind);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!kind) return;
    const values = Object.fromEntries(kind.fields.map((field) => [field.name, (draft.values[field.name] ?? "").trim()]).filter(([, value]) => value));
    const lacking = kind.fields.find((field) => field.required && !values[field.name]);
    setMissing(lacking?.name ?? "");
    if (lacking) {
      document.getElementById(`${id}-${lacking.name}`)?.focus();
      return;
    }
    setBusy(true);
    const { ok } = await hearing.act("record_act", { kind: kind.kind, fields: values, corrects: draft.corrects });
    setBusy(false);
    if (!ok) return;
    announce(t("Added to the log: {act}", { act: kind.label }), "matters");
    // Who administers and under which law mostly stays the same; the words do not.
    const { by, law, language } = draft.values;
    const next = empty(view);
    change({ ...next, kind: draft.corrects ? next.kind : kind.kind, values: { ...(by && { by }), ...(law && { law }), ...(language && { language }) } });
    props.first.current?.focus();
  };
  return (
    <form class="record-form" onSubmit={(event) => void submit(event)} noValidate>
      {draft.corrects > 0 && (
        <p>
          {t("Replaces entry {n}.", { n: draft.corrects })}{" "}
          <button type="button" class="btn small" onClick={() => change(empty(view))}>
            {t("Do not correct")}
          </button>
        </p>
      )}
      <div class="select">
        <label for={`${id}-kind`}>{t("Kind of entry")}</label>
        <select
          id={`${id}-kind`}
          ref={props.first}
          value={draft.kind}
          onChange={(event) => {
            setMissing("");
            change({ ...draft, kind: event.currentTarget.value });
          }}
        >
          {kinds.map((one) => (
            <option key={one.kind} value={one.kind} selected={one.kind === draft.kind}>
              {one.label}
            </option>
          ))}
        </select>
      </div>
      {kind?.fields.map((field) => (
        <Input
          key={`${kind.kind} ${field.name}`}
          id={`${id}-${field.name}`}
          field={field}
          value={draft.values[field.name] ?? ""}
          missing={missing === field.name}
          onChange={(value) => change({ ...draft, values: { ...draft.values, [field.name]: value } })}
        />
      ))}
      <button type="submit" class="btn primary" disabled={busy || !kind}>
        {t("Record")}
      </button>
    </form>
  );
}

function Input(props: { id: string; field: Field; value: string; missing: boolean; onChange(value: string): void }) {
  const { id, field, value } = props;
  const label = field.required ? field.label : t("{field} (optional)", { field: field.label });
  const said = { "aria-invalid": props.missing ? ("true" as const) : undefined, "aria-describedby": props.missing ? `${id}-error` : undefined };
  return (
    <div class="select">
      <label for={id}>{label}</label>
      {props.missing && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {t("{field}: this cannot be empty.", { field: field.label })}
        </p>
      )}
      {field.options === null ? (
        <textarea id={id} rows={2} maxLength={field.most} dir="auto" value={value} {...said} onInput={(event) => props.onChange(event.currentTarget.value)} />
      ) : (
        <select id={id} value={value} {...said} onChange={(event) => props.onChange(event.currentTarget.value)}>
          <option value="" selected={value === ""}>
            {field.options.length > 0 ? t("Choose") : t("Nothing to choose from")}
          </option>
          {field.options.map(([option, text]) => (
            <option key={option} value={option} selected={option === value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function Entries({ view, correct }: { view: View; correct: ((draft: Draft) => void) | null }) {
  if (view.recorded.length === 0) return <p class="quiet">{t("No log entries yet")}</p>;
  const earlier = view.recorded.slice(SHOWN);
  return (
    <div class="entries" data-testid="entries">
      <List entries={view.recorded.slice(0, SHOWN)} view={view} correct={correct} />
      {earlier.length > 0 && (
        <details class="more">
          <summary>{tn("{n} earlier entry", "{n} earlier entries", earlier.length)}</summary>
          <List entries={earlier} view={view} correct={correct} />
        </details>
      )}
    </div>
  );
}

function List({ entries, view, correct }: { entries: RecordedView[]; view: View; correct: ((draft: Draft) => void) | null }) {
  return (
    <ul>
      {entries.map((entry) => (
        <li key={entry.seq}>
          <p>
            <b>{entry.title}</b>{" "}
            <span class="quiet">
              {t("entry {n}", { n: entry.seq })} · <bdi>{entry.by}</bdi>
            </span>
          </p>
          <p class="quiet">
            <TimePair at={entry.at / 1e6} places={view.places} seconds />{" "}
            {entry.timecode_ms === null ? t("no recording was running") : <Code ms={entry.timecode_ms} />}
          </p>
          <p dir="auto" class={entry.replaced_by === null ? "kept" : "kept gone"}>
            {entry.text}
          </p>
          {entry.replaced_by !== null && <p class="warn">{t("Corrected or withdrawn by entry {n}", { n: entry.replaced_by })}</p>}
          {correct && entry.correctable && <Acts entry={entry} correct={correct} />}
        </li>
      ))}
    </ul>
  );
}

function Code({ ms }: { ms: number }) {
  return (
    <span>
      {t("time code")}{" "}
      <bdi class="clock" dir="ltr">
        {duration(ms)}
      </bdi>
    </span>
  );
}

function Acts({ entry, correct }: { entry: RecordedView; correct(draft: Draft): void }) {
  const named = <span class="sr-only">: {t("entry {n}", { n: entry.seq })}</span>;
  return (
    <div class="row acts">
      {!BY_CARD.has(entry.kind) && (
        <button type="button" class="btn small" onClick={() => correct({ kind: entry.kind, values: entry.values, corrects: entry.seq })}>
          {t("Correct")}
          {named}
        </button>
      )}
      <button type="button" class="btn small" onClick={() => correct({ kind: "entry_withdrawn", values: {}, corrects: entry.seq })}>
        {t("Withdraw")}
        {named}
      </button>
    </div>
  );
}
