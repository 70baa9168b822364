// The verdict: one of four states, by shape and word before colour, and what lies behind it.

import { t, tn } from "../i18n";
import { Icon } from "./icons";
import type { Word } from "./check";
import type { Seal, Verdict } from "./wire";
import { isTraining } from "./reader";
import { badgeWords, faultText, missingText } from "./words";

const ICONS: Record<Word, "check" | "warning" | "cross" | "question"> = {
  verified: "check", gaps: "warning", failed: "cross", cannot: "question",
};

/** Colour of the bar; the words and the icon say it too. */
const KINDS: Record<Word, "ok" | "seal" | "rec" | "warn"> = { verified: "ok", gaps: "seal", failed: "rec", cannot: "warn" };

/** Who has signed, and what each signature says. */
function Vouched({ seal, verdict }: { seal: Seal | null; verdict: Verdict }) {
  const court = seal?.origin.split("/")[0] ?? "";
  const signed = seal !== null && !verdict.missing.includes("log_key") && !verdict.faults.some(({ first }) => first === "checkpoint");
  const cosigned = !verdict.waived.includes("cosigner") && !verdict.missing.includes("quorum");
  return (
    <>
      <h3>{t("Who vouches for it")}</h3>
      <ul class="player-steps">
        <li>{signed ? <>{t("The court's seal, by the key that you trust: this is what its server recorded, in this order and up to this end.")} <bdi dir="ltr">{court}</bdi></> : t("Nobody: the court's seal is not valid, or could not be checked.")}</li>
        <li>{signed && cosigned ? t("The cosigners that your key file asks for: they have seen no other past of this recording.") : t("No cosigner was checked: that the court has made no other recording under this number rests on its word alone.")}</li>
        <li>{t("No time-stamping authority was checked on this page: the time is by the court's clock alone. The page “Verification” says whether there is a time-stamp.")}</li>
      </ul>
    </>
  );
}

interface BadgeProps {
  verdict: Verdict;
  seal: Seal | null;
  /** Whether the page lists what is missing. */
  listed: boolean;
  onCheck: () => void;
}

export function Badge({ verdict, seal, listed, onCheck }: BadgeProps) {
  const noStamp = verdict.waived.includes("stamp");
  const noCosigner = verdict.waived.includes("cosigner");
  const done = verdict.checked === verdict.total;
  const training = isTraining(seal?.origin ?? "");
  return (
    <section class={`verdict brief ${training && verdict.word !== "failed" ? "warn" : KINDS[verdict.word]} player-verdict`} aria-labelledby="badge-words" data-testid="verdict" data-word={verdict.word}>
      <Icon name={ICONS[verdict.word]} />
      <div>
        <h2 id="badge-words">{training ? t("TRAINING, not evidence: {verdict}", { verdict: badgeWords(verdict) }) : badgeWords(verdict)}</h2>
        {verdict.word === "failed" && (
          <ul class="player-faults">
            {verdict.faults.slice(0, 5).map((fault) => <li key={`${fault.first} ${fault.code} ${fault.file}`}>{faultText(fault)}</li>)}
            {verdict.faults.length > 5 && <li>{t("and more")}</li>}
          </ul>
        )}
        <p class="small">
          {listed && verdict.gaps > 0 && <a href="#player-gaps">{t("What is missing: when, whose picture or sound, and why")}</a>}{listed && verdict.gaps > 0 && " · "}
          {noStamp && noCosigner && t("No time-stamp and no cosigner were checked.")}
          {noStamp && !noCosigner && t("No time-stamp was checked.")}{" "}
          {!done && verdict.word !== "cannot" && t("{checked} of {total} parts checked so far.", { checked: verdict.checked, total: verdict.total })}
        </p>
        <details>
          <summary>{t("What was checked, who vouches for it, and what it does not prove")}</summary>
          <h3>{t("What was checked")}</h3>
          <ul class="player-steps">
            <li>{seal ? t("Signed head of {origin}, {size} journal lines.", { origin: seal.origin, size: seal.size }) : t("The signed head could not be read.")}</li>
            <li>{verdict.missing.includes("log_key") ? t("The seal's signature was not checked: {reason}.", { reason: missingText("log_key") }) : t("The seal's signature was checked with the key in the key file of {authority}.", { authority: seal?.authority || "–" })}</li>
            <li>{t("Every line of the journal was checked in this browser, and that segments and gaps cover the whole time.")}</li>
            {seal?.custody && <li>{tn("The log of who has had the recording since it was closed was checked too: {n} line under a signed head.", "The log of who has had the recording since it was closed was checked too: {n} lines under a signed head.", seal.custody.size)}</li>}
            <li>{tn("{checked} of {n} part compared with the journal; each is compared before it is played.", "{checked} of {n} parts compared with the journal; each is compared before it is played.", verdict.total, { checked: verdict.checked })}</li>
            <li>{t("Not looked at here: files the journal does not name. A check of the exported bag finds them.")}</li>
            {verdict.missing.map((code) => <li key={code}>{t("Missing: {reason}.", { reason: missingText(code) })}</li>)}
          </ul>
          <Vouched seal={seal} verdict={verdict} />
          <h3>{t("What it does not prove")}</h3>
          <ul class="player-steps">
            <li>{t("That what was said is true, or was interpreted correctly.")}</li>
            <li>{t("Who the person was: that is in the minutes.")}</li>
            <li>{t("What happened beside the camera, or while a microphone was off.")}</li>
            <li>{t("That a picture or a voice was not changed before it reached the court's server.")}</li>
          </ul>
          {seal && <p class="small">{t("Root of the journal")}: <bdi dir="ltr"><code>{seal.root}</code></bdi></p>}
        </details>
      </div>
      {!done && <div class="acts"><button type="button" class="button second narrow" onClick={onCheck}>{t("Check all parts now ({size} MB)", { size: Math.ceil(verdict.left / 1_000_000) })}</button></div>}
    </section>
  );
}
