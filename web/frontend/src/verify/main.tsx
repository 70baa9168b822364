// The public page that checks a bag, of a whole recording or an excerpt, in the browser of whoever has it: nothing is uploaded, no account is needed, and the
// policy comes from the reader. The checks are those of the player; nothing is decrypted.

import { signal } from "@preact/signals";
import { render } from "preact";
import { load, pt, t, tn } from "../i18n";
import { type Part, checkBag } from "../player/bag";
import { Check } from "../player/check";
import type { Excerpt } from "../player/excerpt";
import { parseNamedHead } from "../player/heads";
import { Icon } from "../player/icons";
import { KeyFileError, MAX_KEY_FILE, type Policy, parseKeyFile, parsePolicy } from "../player/policy";
import { type Journal, isTraining } from "../player/reader";
import { Dates, TimePair } from "../player/times";
import { hex } from "../player/tlog";
import { closedStretches } from "../player/track-lines";
import { type Place, faultText, missingText, offsetText, personAndState, readersText, refusalText, trackName } from "../player/words";
import { fromBase64url } from "../sign/canonical";
import { MAX_STATEMENT, RELEASE, type Receipt, type ReceiptFault, checkReceipt } from "./receipt";
import "../player/player.css";

const root = document.getElementById("verify") as HTMLElement;
const config = JSON.parse(root.dataset["config"] ?? "{}") as { messages_url?: string };

const bag = signal<Map<string, File>>(new Map());
const policy = signal<Policy | null>(null);
/** What was typed as the head that minutes or a mail name. */
const named = signal("");
const namedProblem = signal("");
const problem = signal("");
const progress = signal("");
const result = signal<Check | null>(null);
/** The other State's receipt for a released copy, and what was typed as that State's public signing key. */
const receipt = signal("");
const receiptKey = signal("");
const keyProblem = signal("");
const receipted = signal<Receipt | null>(null);

function chooseBag(files: FileList): void {
  const found = new Map<string, File>();
  for (const file of files) {
    // The first step of the path is the folder that was chosen.
    found.set(file.webkitRelativePath.split("/").slice(1).join("/"), file);
  }
  bag.value = found;
  result.value = null;
  problem.value = found.has("bagit.txt") ? "" : t("This folder is not a bag: it has no bagit.txt. Unpack the copy and choose the folder inside.");
}

async function choosePolicy(file: File): Promise<void> {
  policy.value = null;
  result.value = null;
  problem.value = "";
  try {
    if (file.size > MAX_KEY_FILE) throw new KeyFileError("too_long");
    const text = await file.text();
    policy.value = /^# policy:/m.test(text) ? parseKeyFile(text).policy : parsePolicy(text.split(/\r?\n/));
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    problem.value = refusalText(error.code, error.detail);
  }
}

async function chooseReceipt(file: File | undefined): Promise<void> {
  receipt.value = "";
  result.value = null;
  if (file && file.size <= MAX_STATEMENT) receipt.value = await file.text();
  problem.value = file && !receipt.peek() ? t("This file is not a receipt.") : "";
}

/** The receipt compared with the bag that was checked; null where there is none to compare. */
async function compareReceipt(found: Check, key: Uint8Array<ArrayBuffer> | null): Promise<Receipt | null> {
  const manifest = bag.peek().get("tagmanifest-sha256.txt");
  if (!receipt.peek() || !found.head || !manifest) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await manifest.arrayBuffer()));
  const release = await bag.peek().get(RELEASE)?.text();
  const { head, custodyHead } = found;
  return checkReceipt(receipt.peek(), key, release ?? null, {
    origin: head.origin, size: head.size, root: hex(head.root), bag: hex(digest),
    custody: custodyHead ? { size: custodyHead.size, root: hex(custodyHead.root) } : null,
  });
}

async function check(event: Event): Promise<void> {
  event.preventDefault();
  if (progress.peek()) return;
  receipted.value = null;
  const key = receiptKey.peek().trim() ? fromBase64url(receiptKey.peek().trim()) : null;
  if (receiptKey.peek().trim() && key?.length !== 32) {
    result.value = null;
    keyProblem.value = t("This is not a public signing key: it is 43 letters, digits, hyphens and underscores.");
    document.getElementById("receipt-key")?.focus();
    return;
  }
  const pins = policy.peek();
  if (!pins || !bag.peek().size) {
    problem.value = t("Choose the folder of the bag and the policy.");
    return;
  }
  const head = named.peek().trim() ? parseNamedHead(named.peek()) : undefined;
  if (head === null) {
    result.value = null;
    namedProblem.value = t("This is not a head: it is a number, a colon, and 64 of the digits 0–9 and letters a–f. Copy all of it, or leave the field empty.");
    document.getElementById("head")?.focus();
    return;
  }
  const found = new Check({ policy: pins, withoutStamp: true, head, now: BigInt(Date.now()) * 1_000_000n });
  const parts = new Map<string, Part>([...bag.peek()].map(([path, file]) => [path, { size: file.size, stream: () => blocks(file) }]));
  let done = 0;
  result.value = null;
  progress.value = t("Checking…");
  try {
    await checkBag(parts, found, [], () => {
      done += 1;
      if (done % 20 === 0) progress.value = t("Checking… {done} of {total} files", { done, total: parts.size });
    });
    receipted.value = await compareReceipt(found, key);
    result.value = found;
  } catch {
    problem.value = t("A file of the bag cannot be read. Choose the folder again.");
  }
  progress.value = "";
}

/** A file in pieces, so that the page stays alive and no file is in memory whole. */
async function* blocks(file: File): AsyncGenerator<Uint8Array> {
  const step = 1 << 20;
  for (let at = 0; at < file.size; at += step) yield new Uint8Array(await file.slice(at, at + step).arrayBuffer());
}

const WORDS = {
  verified: () => t("Verified"),
  gaps: () => t("Verified with declared gaps"),
  failed: () => t("FAILED – do not rely on this recording"),
  cannot: () => t("Cannot verify"),
};
const KINDS = { verified: "ok", gaps: "seal", failed: "rec", cannot: "warn" } as const;
const ICONS = { verified: "check", gaps: "warning", failed: "cross", cannot: "question" } as const;

function Result({ found }: { found: Check }) {
  const { word, head, custodyHead } = found;
  const training = isTraining(head?.origin ?? "");
  return (
    <section class={`verdict ${training && word !== "failed" ? "warn" : KINDS[word]} player-verdict`} aria-labelledby="badge-words" data-testid="verdict" data-word={word}>
      <Icon name={ICONS[word]} />
      <div>
        <h2 id="badge-words">{training ? t("TRAINING, not evidence: {verdict}", { verdict: WORDS[word]() }) : WORDS[word]()}</h2>
        {word === "failed" && <ul class="player-faults">{found.faults.slice(0, 20).map((fault) => <li key={`${fault.first} ${fault.code} ${fault.file}`}>{faultText(fault)}</li>)}</ul>}
        {found.missing.length > 0 && <ul class="player-faults">{found.missing.map((code) => <li key={code}>{t("Missing: {reason}.", { reason: missingText(code) })}</li>)}</ul>}
        {found.removed.length > 0 && <p>{tn("{n} derived file has been removed.", "{n} derived files have been removed.", found.removed.length)}</p>}
        {found.destroyed.length > 0 && <p>{t("Its keys have been destroyed by order: nobody can open it.")} <bdi dir="ltr">{found.destroyed.join(", ")}</bdi></p>}
        <p>
          {found.waived.includes("cosigner") ? t("No time-stamp and no cosigner were checked.") : t("No time-stamp was checked.")}{" "}
          {found.gaps > 0 && tn("{n} gap is declared in the journal.", "{n} gaps are declared in the journal.", found.gaps)}
        </p>
        {head && <p>{found.excerpt ? t("It is an excerpt of the recording:") : t("It is the recording:")} <bdi dir="ltr"><code>{head.origin}</code></bdi>. {found.namedFits && t("The head from the minutes or a mail is that of this recording.")}</p>}
        {word !== "failed" && found.excerpt && found.journal && <Holds excerpt={found.excerpt} journal={found.journal} anew={found.anew} />}
        {word !== "failed" && found.journal && <ClosedSessions journal={found.journal} />}
        {head && (
          <details>
            <summary>{t("Technical values")}</summary>
            <dl class="facts">
              <div><dt>{t("Origin")}</dt><dd><bdi dir="ltr"><code>{head.origin}</code></bdi></dd></div>
              <div><dt>{t("Lines signed")}</dt><dd><bdi dir="ltr">{head.size}</bdi></dd></div>
              <div><dt>{t("Root")}</dt><dd><bdi dir="ltr"><code>{hex(head.root)}</code></bdi></dd></div>
              {found.namedFits && <div><dt>{t("Head from the minutes or a mail")}</dt><dd>{t("It is that of this recording.")}</dd></div>}
              {custodyHead && <div><dt>{t("Lines of the custody log")}</dt><dd><bdi dir="ltr">{custodyHead.size}</bdi></dd></div>}
              {custodyHead && <div><dt>{t("Root of the custody log")}</dt><dd><bdi dir="ltr"><code>{hex(custodyHead.root)}</code></bdi></dd></div>}
            </dl>
          </details>
        )}
        <p>{t("Compare the origin with the recording you expect. Tag files of the bag (bag-info.txt, VERIFY.txt) are outside the seal.")}</p>
      </div>
    </section>
  );
}

/** Where times are told: a journal knows no place, so they are UTC and those of the reader's own clock. */
function placesAt(at: number): Place[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [{ city: "UTC", zone: "UTC" }, ...(offsetText(at, own) === offsetText(at, "UTC") ? [] : [{ city: t("on your clock"), zone: own }])];
}

function Span({ from, to, places }: { from: number; to: number; places: Place[] }) {
  return <><Dates at={from} places={places} /> <TimePair at={from} places={places} /> <span class="visually-hidden">{pt("time range", "to")}</span><span aria-hidden="true">–</span> <TimePair at={to} places={places} /></>;
}

/** What of the recording an excerpt holds, from when to when, and what it does not prove. */
function Holds({ excerpt, journal, anew }: { excerpt: Excerpt; journal: Journal; anew: readonly string[] }) {
  const zero = Number(BigInt(journal.zero) / 1_000_000n);
  const places = placesAt(zero);
  const times = excerpt.runs.flatMap(({ t0, t1 }) => (t0 === null || t1 === null ? [] : [t0, t1]));
  return (
    <div data-testid="excerpt">
      {times.length > 0 && <p>{t("It holds:")} <Span from={zero + Math.min(...times)} to={zero + Math.max(...times)} places={places} /></p>}
      <ul class="player-faults">
        {excerpt.runs.map(({ track, first, last, of, t0, t1 }) => (
          <li key={track.name}>
            {trackName(track, personAndState(track, journal.people, t0 ?? 0))}
            {t0 !== null && t1 !== null && <>: <TimePair at={zero + t0} places={places} /> <span class="visually-hidden">{pt("time range", "to")}</span><span aria-hidden="true">–</span> <TimePair at={zero + t1} places={places} /></>}
            {of !== null && <>; {t("parts {first} to {last} of {total}", { first, last, total: of })}</>}
          </li>
        ))}
      </ul>
      {anew.length > 0 && <p>{t("Its key was encrypted to others after the recording was closed; a line of the custody log proves it.")} <bdi dir="ltr">{anew.join(", ")}</bdi></p>}
      <p>{t("It does not prove what came before or after it or was recorded on other tracks: whoever made the excerpt chose that. Nor does it show who has had the recording. Ask for the whole recording where it matters.")}</p>
    </div>
  );
}

/** What was recorded to keys of its own, and who alone can open it. */
function ClosedSessions({ journal }: { journal: Journal }) {
  const zero = Number(BigInt(journal.zero) / 1_000_000n);
  const found = closedStretches(journal.rekeys, journal.end ?? Math.max(0, ...journal.tracks.map((track) => track.known())));
  const places = placesAt(zero);
  if (!found.length) return null;
  return (
    <div data-testid="closed-sessions">
      <p>{tn("{n} closed session was recorded to a key of its own:", "{n} closed sessions were recorded to keys of their own:", found.length)}</p>
      <ul class="player-faults">
        {found.map((each) => (
          <li key={each.key}>
            <Span from={zero + each.t} to={zero + each.until} places={places} />{" "}
            {t("Readable by: {readers}", { readers: readersText(each.recipients) })}
          </li>
        ))}
      </ul>
    </div>
  );
}

const RECEIPT_FAULTS: Record<ReceiptFault, () => string> = {
  form: () => t("This file is not a receipt."),
  not_released: () => t("The bag does not say that it was released, or says something else than was signed."),
  other_case: () => t("The receipt is of other States, or about another case, than the release."),
  other_copy: () => t("The receipt is for another copy than this one."),
  limits: () => t("The receipt does not acknowledge the limits on use word for word."),
  signature: () => t("The receipt is not signed by the key that was entered."),
};

function ReceiptResult({ found }: { found: Receipt }) {
  const word = found.fault ? "failed" : found.signed ? "verified" : "cannot";
  const heading = { failed: t("The receipt does not fit"), verified: t("This copy was received and acknowledged"), cannot: t("The receipt fits, but its signature was not checked") };
  return (
    <section class={`verdict ${KINDS[word]} player-verdict`} aria-labelledby="receipt-words" data-testid="receipt" data-word={word}>
      <Icon name={ICONS[word]} />
      <div>
        <h2 id="receipt-words">{heading[word]}</h2>
        {found.fault && <p>{RECEIPT_FAULTS[found.fault]()}</p>}
        {!found.fault && <p>{t("Received by {name} ({state}).", { name: found.by, state: found.state })} <bdi dir="ltr"><time dateTime={new Date(found.at).toISOString()}>{new Date(found.at).toISOString()}</time></bdi></p>}
        {word === "cannot" && <p>{t("Enter the public signing key of the State that received it, which you have from elsewhere.")}</p>}
        {found.limits.length > 0 && <><p>{t("Acknowledged limits on use:")}</p><ul class="player-faults">{found.limits.map((limit) => <li key={limit} lang="en" dir="auto">{limit}</li>)}</ul></>}
      </div>
    </section>
  );
}

function Folder() {
  return (
    <input id="bag" type="file" multiple aria-describedby="bag-hint"
      ref={(element) => {
        element?.setAttribute("webkitdirectory", "");
      }}
      onChange={(event) => event.currentTarget.files && chooseBag(event.currentTarget.files)} />
  );
}

function App() {
  return (
    <div class="player">
      <div role="status">{result.value && <Result found={result.value} />}{result.value && receipted.value && <ReceiptResult found={receipted.value} />}</div>
      <section class="panel" aria-label={t("What is checked")}>
      <form class="player-open body" onSubmit={(event) => void check(event)} noValidate>
        <div class="field">
          <label for="bag">{t("Folder of the bag")}</label>
          <p class="hint" id="bag-hint">{t("Unpack the copy or the excerpt and choose its folder, the one that holds bagit.txt. The files stay on your machine.")}</p>
          <Folder />
          {bag.value.size > 0 && <p role="status">{tn("{n} file chosen.", "{n} files chosen.", bag.value.size)}</p>}
        </div>
        <div class="field">
          <label for="policy">{t("Policy or key file")}</label>
          <p class="hint" id="policy-hint">{t("It names the court's sealing key. It must have reached you by another channel than the bag. If this file also holds a secret key, that key is not used.")}</p>
          <input id="policy" type="file" aria-describedby="policy-hint"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file) void choosePolicy(file);
            }} />
        </div>
        <div class="field">
          <label for="head">{t("Head from the minutes or a mail (SIZE:ROOT)")}</label>
          <p class="hint" id="head-hint">{t("If you have none, leave this empty. With it, the check also shows that this is the recording that was closed then, and not another one sealed later.")}</p>
          {namedProblem.value && <p class="field-error" id="head-error" role="alert">{namedProblem.value}</p>}
          <input id="head" type="text" dir="ltr" autocomplete="off" spellcheck={false} value={named.value} aria-invalid={namedProblem.value ? "true" : undefined}
            aria-describedby={namedProblem.value ? "head-hint head-error" : "head-hint"}
            onInput={(event) => {
              named.value = event.currentTarget.value;
              namedProblem.value = "";
              result.value = null;
            }} />
        </div>
        <div class="field">
          <label for="receipt">{t("Receipt of the other State")}</label>
          <p class="hint" id="receipt-hint">{t("Only for a copy that was released to another State: the file receipt.jws.")}</p>
          <input id="receipt" type="file" aria-describedby="receipt-hint" onChange={(event) => void chooseReceipt(event.currentTarget.files?.[0])} />
        </div>
        <div class="field">
          <label for="receipt-key">{t("Public signing key of that State")}</label>
          {keyProblem.value && <p class="field-error" id="receipt-key-error" role="alert">{keyProblem.value}</p>}
          <input id="receipt-key" type="text" dir="ltr" autocomplete="off" spellcheck={false} value={receiptKey.value} aria-invalid={keyProblem.value ? "true" : undefined}
            aria-describedby={keyProblem.value ? "receipt-key-error" : undefined}
            onInput={(event) => {
              receiptKey.value = event.currentTarget.value;
              keyProblem.value = "";
              result.value = null;
            }} />
        </div>
        {problem.value && <p class="field-error" role="alert">{problem.value}</p>}
        <div class="actions"><button class="button" aria-disabled={progress.value !== ""}>{t("Check the bag")}</button><span role="status">{progress.value}</span></div>
      </form>
      </section>
    </div>
  );
}

await load(config.messages_url);
root.replaceChildren();
render(<App />, root);
