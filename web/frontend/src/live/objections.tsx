// Objections and claims of privilege: raised, queued before everybody, withdrawn, ruled on.
import { useId, useState } from "preact/hooks";
import { useHearing } from "./context";
import { Dialog, DialogRefusal, ReasonDialog } from "./dialog";
import { Select } from "./fields";
import { TimePair } from "./time";
import { isCounsel, isDefendant, isPresent, right } from "./words";
import { t } from "../i18n";
import type { ObjectionView, RaisableView, RuleObjection, View } from "../messages";

type Kind = RaisableView["kind"];
type Ruling = RuleObjection["ruling"];

/** The queue, in the order in which they were raised. */
export function Objections({ view }: { view: View }) {
  const hearing = useHearing();
  const [ruling, setRuling] = useState<ObjectionView | null>(null);
  const [withdrawing, setWithdrawing] = useState<ObjectionView | null>(null);
  if (view.objections.length === 0) return null;
  const rules = right(view, "rule_objection")?.allowed ?? false;
  return (
    <section class="roll" aria-labelledby="objections-title" data-testid="objections">
      <h2 id="objections-title">{t("To be decided")}</h2>
      <ol class="queue">
        {view.objections.map((one) => (
          <li key={one.entry}>
            <Raised one={one} view={view} />
            <div class="row">
              {rules && (
                <button type="button" class="btn small primary" onClick={() => setRuling(one)}>
                  {t("Rule on it")}
                  <span class="sr-only">: {one.title}, {one.by}</span>
                </button>
              )}
              {one.mine && (
                <button type="button" class="btn small" onClick={() => setWithdrawing(one)}>
                  {t("Withdraw")}
                  <span class="sr-only">: {one.title}</span>
                </button>
              )}
            </div>
          </li>
        ))}
      </ol>
      {ruling && <RulingDialog one={ruling} view={view} onClose={() => setRuling(null)} />}
      {withdrawing && (
        <ReasonDialog
          title={t("Withdraw this?")}
          text={t("The log keeps that it was raised and withdrawn.")}
          confirm={t("Withdraw it")}
          required={false}
          onConfirm={async (text) => (await hearing.act("withdraw_objection", { entry: withdrawing.entry, text })).ok}
          onClose={() => setWithdrawing(null)}
        />
      )}
    </section>
  );
}

export function Raised({ one, view }: { one: ObjectionView; view: View }) {
  return (
    <>
      <p>
        <b>{one.title}</b>: <span dir="auto">{one.by}</span> <span class="quiet">{one.by_label}</span>
        {one.reserved && <span class="warn"> {t("ruling reserved")}</span>}
      </p>
      {one.ground && <p>{one.ground}</p>}
      {one.text && <p class="kept" dir="auto">{one.text}</p>}
      <p class="quiet">
        <TimePair at={one.at / 1e6} places={view.places} seconds />
        {one.law && <> {t("Law: {state}", { state: one.law })}</>}
      </p>
    </>
  );
}

/** For the question before the close: what would stay undecided. */
export function UndecidedList({ view }: { view: View }) {
  if (view.objections.length === 0) return null;
  return (
    <div class="warning">
      <p>{t("Not decided yet. The minutes will say so:")}</p>
      <ul>
        {view.objections.map((one) => (
          <li key={one.entry}>
            {one.title}: <bdi>{one.by}</bdi> {one.ground || one.text}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function RaiseDialog({ view, onClose }: { view: View; onClose(): void }) {
  const hearing = useHearing();
  const first = view.raisable[0] as RaisableView;
  const [kind, setKind] = useState<Kind>(first.kind);
  const [ground, setGround] = useState("");
  const [law, setLaw] = useState("");
  const [whose, setWhose] = useState("");
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useId();
  const grounds = view.raisable.find((one) => one.kind === kind)?.grounds ?? [];
  const clients = isCounsel(hearing.me.value) ? view.people.filter((person) => isDefendant(person) && isPresent(person)) : [];
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!ground && !text.trim()) {
      setProblem(t("Choose a ground, or say it in a few words."));
      document.getElementById(field)?.focus();
      return;
    }
    setBusy(true);
    const { ok } = await hearing.act("raise_objection", { kind, ground, text: text.trim(), law, whose });
    setBusy(false);
    if (ok) onClose();
  };
  return (
    <Dialog title={kind === "objection" ? t("Object?") : t("Claim a privilege?")} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <p>{t("Everybody in the room sees it at once. The presiding judge rules on it.")}</p>
        {view.raisable.length > 1 && (
          <Select label={t("What")} value={kind} options={view.raisable.map((one) => ({ value: one.kind, label: one.title }))} onChange={(value) => { setKind(value as Kind); setGround(""); }} />
        )}
        {clients.length > 0 && (
          <Select label={t("For whom")} value={whose} options={[{ value: "", label: t("For the defence") }, ...clients.map((person) => ({ value: person.participant, label: person.name }))]} onChange={setWhose} />
        )}
        <Select label={t("Ground")} value={ground} options={[{ value: "", label: t("Another ground, in words") }, ...grounds]} onChange={setGround} />
        {kind === "privilege_claim" && (
          <Select label={t("Under the law of")} value={law} options={[{ value: "", label: t("My own State") }, ...view.laws]} onChange={setLaw} />
        )}
        <label class="field" for={field}>
          {ground ? t("In your own words (optional)") : t("In your own words")}
        </label>
        {problem && (
          <p class="field-error" id={`${field}-error`} role="alert">
            {problem}
          </p>
        )}
        <textarea id={field} rows={3} maxLength={1000} dir="auto" value={text} aria-invalid={problem ? "true" : undefined} aria-describedby={problem ? `${field}-error` : undefined} onInput={(event) => setText(event.currentTarget.value)} />
        <DialogRefusal />
        <div class="row">
          <button type="submit" class="btn primary" disabled={busy}>
            {t("Raise it now")}
          </button>
          <button type="button" class="btn" onClick={onClose}>
            {t("Cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function RulingDialog({ one, view, onClose }: { one: ObjectionView; view: View; onClose(): void }) {
  const hearing = useHearing();
  const [ruling, setRuling] = useState<Ruling>("upheld");
  const [law, setLaw] = useState(view.laws[0]?.value ?? "");
  const rulings: { value: Ruling; label: string }[] = [
    { value: "upheld", label: t("Upheld") },
    { value: "upheld_in_part", label: t("Upheld in part") },
    { value: "rejected", label: t("Rejected") },
    { value: "reserved", label: t("Reserved for later") },
  ];
  return (
    <ReasonDialog
      title={t("Rule on it")}
      confirm={t("Give the ruling")}
      required
      most={1000}
      onConfirm={async (text) => (await hearing.act("rule_objection", { entry: one.entry, ruling, law, text })).ok}
      onClose={onClose}
    >
      <Raised one={one} view={view} />
      <Select label={t("Decision")} value={ruling} options={rulings} onChange={(value) => setRuling(value as Ruling)} />
      <Select label={t("Under the law of")} value={law} options={view.laws} onChange={setLaw} />
    </ReasonDialog>
  );
}
