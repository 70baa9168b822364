// The roll: who is in the room, in the lobby, and missing; what may be done about each, and if not, why.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { useHearing } from "./context";
import { Dialog, DialogRefusal, ReasonDialog } from "./dialog";
import { Select } from "./fields";
import { TurnActs } from "./floor";
import { Hand, Help, Mic, Tick, Warn } from "./icons";
import { faultWord, isInterpreter, isPresent, isResponsible, isWaiting, lineWord, microphoneWord, nameOf, presence, right, troubleWord, type Action } from "./words";
import { languageName, t } from "../i18n";
import type { ConfirmIdentity, PersonView, View } from "../messages";

/** What the minutes hold of a document's number, in any script. */
const LAST_FOUR = /^[\p{L}\p{N}]{4}$/u;

type Open = { what: "identity" | "return" | "remove"; person: PersonView } | null;

/** A button for an act; when it is not allowed it stays, says why, and does nothing. */
export function ActButton(props: {
  right: { allowed: boolean; reason: string } | null;
  label: string;
  onClick(): void;
  class?: string;
  icon?: ComponentChildren;
  /** Also when it is refused: for those who answer for the hearing. */
  explain: boolean;
}) {
  const id = useId();
  if (!props.right || (!props.right.allowed && !(props.explain && props.right.reason))) return null;
  const { allowed, reason } = props.right;
  return (
    <span class="act">
      <button
        type="button"
        class={`btn ${props.class ?? ""}`}
        aria-disabled={allowed ? undefined : "true"}
        aria-describedby={allowed ? undefined : id}
        onClick={() => allowed && props.onClick()}
      >
        {props.icon && <>{props.icon} </>}
        {props.label}
      </button>
      {!allowed && (
        <span class="why" id={id}>
          {reason}
        </span>
      )}
    </span>
  );
}

/** `part`: those who wait come first on the page, because somebody has to act for them. */
export function Roll({ view, part }: { view: View; part: "lobby" | "rest" }) {
  const hearing = useHearing();
  const [open, setOpen] = useState<Open>(null);
  const inRoom = view.people.filter(isPresent);
  const lobby = view.people.filter(isWaiting);
  const absent = view.people.filter((person) => !isPresent(person) && !isWaiting(person));
  const close = (): void => setOpen(null);
  // A question that somebody is answering stays when the one it is about leaves.
  if (part === "lobby" && lobby.length === 0 && open === null) return null;
  return (
    <section class="roll" aria-labelledby={`${part}-title`}>
      <h2 id={`${part}-title`}>{part === "lobby" ? t("In the lobby") : t("Roll")}</h2>
      {part === "lobby" ? (
        <Group title="" people={lobby} view={view} open={setOpen} />
      ) : (
        <>
          <Group title={t("In the room")} people={inRoom} view={view} open={setOpen} />
          <Group title={t("Not here")} people={absent} view={view} open={setOpen} />
          <WhoHearsWhom people={inRoom} />
        </>
      )}
      {open?.what === "identity" && <IdentityDialog person={open.person} onClose={close} />}
      {open?.what === "return" && (
        <ReasonDialog
          title={t("Return {name} to the lobby?", { name: open.person.name })}
          text={t("They see and hear nothing of the hearing until they are admitted again.")}
          confirm={t("Return to the lobby")}
          required={false}
          onConfirm={async (reason) => (await hearing.act("return_to_lobby", { participant: open.person.participant, reason })).ok}
          onClose={close}
        />
      )}
      {open?.what === "remove" && (
        <ReasonDialog
          title={t("Remove {name} from the hearing?", { name: open.person.name })}
          text={t("They cannot come back with the link they have. The clerk can give them a new one.")}
          confirm={t("Remove from the hearing")}
          required
          danger
          onConfirm={async (reason) => (await hearing.act("remove", { participant: open.person.participant, reason })).ok}
          onClose={close}
        />
      )}
    </section>
  );
}

/** Who hears whom now, and why: for those who conduct; others are told nothing of it. */
function WhoHearsWhom({ people }: { people: PersonView[] }) {
  const known = people.filter((person) => person.hears_now || person.heard_by);
  if (known.length === 0) return null;
  return (
    <details class="more">
      <summary>{t("Who hears whom, and why")}</summary>
      <dl class="pairs">
        {known.map((person) => (
          <div key={person.participant}>
            <dt dir="auto">{person.name}</dt>
            <dd>{person.hears_now}</dd>
            {person.heard_by && <dd>{person.heard_by}</dd>}
          </div>
        ))}
      </dl>
    </details>
  );
}

function Group(props: { title: string; people: PersonView[]; view: View; open(open: Open): void }) {
  if (props.people.length === 0) return null;
  return (
    <>
      {props.title && <h3>{props.title}</h3>}
      <ul>
        {props.people.map((person) => (
          <Row key={person.participant} person={person} view={props.view} open={props.open} />
        ))}
      </ul>
    </>
  );
}

function Row({ person, view, open }: { person: PersonView; view: View; open(open: Open): void }) {
  const hearing = useHearing();
  const explain = isResponsible(hearing.me.value);
  const of = (action: Action) => (person.you ? null : right(view, action));
  const { name, participant } = person;
  const there = isPresent(person);
  const identity = person.needs_identity && !person.identity_confirmed ? of("confirm_identity") : null;
  const more = [there && of("return_to_lobby"), of("remove")].some((right) => right && (right.allowed || (explain && right.reason)));
  return (
    <li>
      <p>
        <b dir="auto">{name}</b>
        {person.you && <> {t("(you)")}</>} <span class="quiet">{person.role_label} · <bdi>{person.state}</bdi></span>
      </p>
      <p class="row-2">
        {there && !person.device_of ? (
          <span>
            <Mic off={person.microphone !== "on"} /> {microphoneWord(person)}
          </span>
        ) : (
          <span>{presence(person)}</span>
        )}
        {there && !person.camera && !person.device_of && <span>{t("no picture")}</span>}
        {person.presence === "reconnecting" && !person.fault && <span class="warn">{t("reconnecting")}</span>}
        {isInterpreter(person) && there && (
          <span>{person.renders ? t("interprets into {language}", { language: languageName(person.renders) }) : t("interprets into no language now")}</span>
        )}
        {person.device_of && <span>{t("at the device of {name}", { name: nameOf(view, person.device_of) })}</span>}
        {person.needs_identity && (
          <span class={person.identity_confirmed ? "ok" : "warn"}>
            {person.identity_confirmed ? <><Tick /> {t("identity confirmed")}</> : t("identity not confirmed")}
          </span>
        )}
        {person.hand && <span class="hand"><Hand /> {t("hand raised")}</span>}
        {person.help && <span class="warn"><Help /> {t("needs help")}</span>}
        {there && (person.line === "weak" || person.line === "lost") && <span class="warn">{lineWord(person.line)}</span>}
      </p>
      {!person.you && person.troubles.length > 0 && (
        <p class="warn" data-troubles={person.troubles.join(" ")}>
          <Warn /> {person.troubles.map(troubleWord).join(" · ")}
        </p>
      )}
      {person.fault && !person.you && <p class="warn">{faultWord(person)}</p>}
      <div class="row acts">
        <ActButton right={identity} explain={explain} label={t("Confirm the identity of {name}", { name })} onClick={() => open({ what: "identity", person })} />
        {person.device_of && (
          <ActButton
            right={of("roll_call")}
            explain={explain}
            label={there ? t("{name} has gone", { name }) : t("{name} is here", { name })}
            onClick={() => void hearing.act("note_companion", { participant, here: !there })}
          />
        )}
        {isWaiting(person) && (
          <ActButton right={of("admit")} explain={explain} class="primary" label={t("Admit {name}", { name })} onClick={() => void hearing.act("admit", { participant })} />
        )}
        {there && <TurnActs view={view} person={person} />}
        {there && person.microphone === "on" && (
          <ActButton right={of("mute_other")} explain={false} label={t("Mute {name}", { name })} onClick={() => void hearing.act("mute", { participant })} />
        )}
        {more && (
          <details class="more">
            <summary>
              {t("More")}
              <span class="sr-only">: {name}</span>
            </summary>
            <div class="row acts">
              {there && (
                <ActButton right={of("return_to_lobby")} explain={explain} label={t("Return {name} to the lobby", { name })} onClick={() => open({ what: "return", person })} />
              )}
              <ActButton right={of("remove")} explain={explain} class="danger" label={t("Remove {name}", { name })} onClick={() => open({ what: "remove", person })} />
            </div>
          </details>
        )}
      </div>
    </li>
  );
}

function IdentityDialog({ person, onClose }: { person: PersonView; onClose(): void }) {
  const hearing = useHearing();
  const [method, setMethod] = useState<ConfirmIdentity["method"]>("document_seen");
  const [kind, setKind] = useState<NonNullable<ConfirmIdentity["document"]>>("");
  const [last, setLast] = useState("");
  const [problem, setProblem] = useState<"" | "kind" | "last">("");
  const [busy, setBusy] = useState(false);
  const field = useId();
  const seen = method === "document_seen";
  const kinds: { value: NonNullable<ConfirmIdentity["document"]>; label: string }[] = [
    { value: "", label: t("Choose") },
    { value: "passport", label: t("Passport") },
    { value: "identity_card", label: t("Identity card") },
    { value: "residence_permit", label: t("Residence permit") },
    { value: "driving_licence", label: t("Driving licence") },
    { value: "other", label: t("Another official document") },
  ];
  const options: { value: ConfirmIdentity["method"]; label: string }[] = [
    { value: "document_seen", label: t("I have seen an identity document") },
    { value: "known_to_authority", label: t("The person is known to the authority") },
    { value: "database", label: t("Compared with an official register") },
    { value: "protected_identity", label: t("Protected identity, checked separately") },
  ];
  const confirm = async (): Promise<void> => {
    const wrong = !seen ? "" : kind === "" ? "kind" : LAST_FOUR.test(last) ? "" : "last";
    setProblem(wrong);
    if (wrong) return;
    setBusy(true);
    const document = seen ? kind : "";
    const { ok } = await hearing.act("confirm_identity", { participant: person.participant, method, document, last_four: seen ? last : "" });
    setBusy(false);
    if (ok) onClose();
  };
  return (
    <Dialog title={t("Confirm the identity of {name}?", { name: person.name })} onClose={onClose}>
      <p>{t("Your name, the time and the method you chose are recorded.")}</p>
      <Select label={t("How was the identity checked?")} value={method} options={options} onChange={(value) => setMethod(value as ConfirmIdentity["method"])} />
      {seen && (
        <>
          {problem === "kind" && (
            <p class="field-error" role="alert">
              {t("Choose the kind of document.")}
            </p>
          )}
          <Select label={t("Kind of document")} value={kind} options={kinds} onChange={(value) => setKind(value as typeof kind)} />
          <label class="field" for={field}>
            {t("Last four letters or digits of its number")}
          </label>
          {problem === "last" && (
            <p class="field-error" id={`${field}-error`} role="alert">
              {t("Give exactly four letters or digits.")}
            </p>
          )}
          <input
            id={field}
            maxLength={4}
            size={6}
            dir="ltr"
            autocomplete="off"
            value={last}
            aria-invalid={problem === "last" ? "true" : undefined}
            aria-describedby={problem === "last" ? `${field}-error` : undefined}
            onInput={(event) => setLast(event.currentTarget.value.trim())}
          />
        </>
      )}
      <DialogRefusal />
      <div class="row">
        <button type="button" class="btn primary" disabled={busy} onClick={() => void confirm()}>
          {t("Confirm identity")}
        </button>
        <button type="button" class="btn" onClick={onClose}>
          {t("Cancel")}
        </button>
      </div>
    </Dialog>
  );
}
