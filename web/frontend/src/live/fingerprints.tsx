// Fingerprints compared aloud: the code of the server's certificate, computed on this page's own line, what the service
// itself says of it, and what those who answer for the hearing have found.
import { useState } from "preact/hooks";
import { useHearing } from "./context";
import { Cross, Ring, Tick, Warn } from "./icons";
import { beforeSession, right } from "./words";
import { codeOf, type Fingerprints } from "../client/fingerprints";
import { t } from "../i18n";
import type { FingerprintsView, View } from "../messages";

/** What this page finds by itself: empty when its line is as the service says, or while one of both is not known yet. */
function mismatch(found: Fingerprints | null, told: FingerprintsView): "" | "server" | "own" {
  if (!found) return "";
  if (told.server && found.server !== told.server) return "server";
  return told.own && found.own !== told.own ? "own" : "";
}

/** Loud, over everything else: somebody may be in between. */
export function FingerprintsBar({ view }: { view: View }) {
  const hearing = useHearing();
  const told = view.fingerprints;
  if (!told) return null;
  // While the control line is down, what the service has said may be of an earlier line.
  const own = hearing.connected.value ? mismatch(hearing.line.fingerprints.value, told) : "";
  if (own || told.status === "differs") {
    return (
      <div class="bar bar-red" role="alert">
        <p>
          <Warn />{" "}
          {own
            ? t("This page’s connection does not match the court’s server. It may be intercepted.")
            : t("The courts have read different codes. The connection may be intercepted.")}{" "}
          {t("Say nothing confidential. Tell the technicians by telephone, reload this page, from another network if you can, and compare again. The hearing should not continue until the codes match.")}
        </p>
      </div>
    );
  }
  if (told.again && told.status === "open") {
    return (
      <div class="bar bar-warn" role="status">
        <Warn /> {t("The server was replaced and has a new code. Both courts read the codes aloud again.")}
      </div>
    );
  }
  return null;
}

/** The code and the two buttons, for those who answer for the hearing. */
export function CompareFingerprints({ view }: { view: View }) {
  const told = view.fingerprints;
  if (!told || !right(view, "compare_fingerprints")?.allowed) return null;
  const settled = told.status === "matched" && !beforeSession(view.status);
  return (
    <section class="fingerprints" aria-labelledby="fingerprints-title">
      <h2 id="fingerprints-title">{t("Compare codes")}</h2>
      <Said told={told} />
      {settled ? (
        <details>
          <summary>{t("Show code")}</summary>
          <Code told={told} />
        </details>
      ) : (
        <Code told={told} />
      )}
    </section>
  );
}

function Said({ told }: { told: FingerprintsView }) {
  const words = {
    open: told.required ? t("Not compared yet. This is required before the sitting starts.") : t("Not compared yet. The technical agreement does not require it."),
    matched: t("Compared: the codes match."),
    differs: t("Compared: the codes differ."),
  };
  const Icon = { open: Ring, matched: Tick, differs: Cross }[told.status];
  return (
    <>
      <p class={{ open: "quiet", matched: "ok", differs: "warn" }[told.status]}>
        <Icon /> {words[told.status]}
      </p>
      {told.status !== "open" && (
        <ul class="said">
          {told.said.map(({ state, matched }) => (
            <li key={state}>
              <bdi>{state}</bdi>: {matched === null ? t("no answer yet") : matched ? t("codes match") : t("codes differ")}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Code({ told }: { told: FingerprintsView }) {
  const hearing = useHearing();
  const [busy, setBusy] = useState(false);
  const found = hearing.line.fingerprints.value;
  if (!found) return <p class="quiet">{t("The code appears once sound and picture are connected.")}</p>;
  const wrong = mismatch(found, told);
  const say = async (matched: boolean): Promise<void> => {
    if (busy) return;
    setBusy(true);
    await hearing.act("compare_fingerprints", { matched, certificate: found.server });
    setBusy(false);
  };
  return (
    <>
      <p class="code" dir="ltr" role="group" aria-label={t("Code of the server’s certificate")}>
        {codeOf(found.server).map((group, index) => (
          <bdi key={index}>{group}</bdi>
        ))}
      </p>
      <p>{t("Each court reads these six groups to the other, over the telephone if they can. The codes must match.")}</p>
      {wrong ? (
        <p class="field-error">
          {wrong === "server" ? t("This is not the code of the court’s own server.") : t("The server is connected to a different browser than this one.")}
        </p>
      ) : (
        told.server && told.own && <p class="quiet">{t("The server reports the same code, and is connected to this browser.")}</p>
      )}
      <div class="row acts">
        <button type="button" class="btn primary" aria-disabled={busy || wrong !== "" ? "true" : undefined} onClick={() => wrong === "" && void say(true)}>
          {t("The codes match")}
        </button>
        <button type="button" class="btn danger" aria-disabled={busy ? "true" : undefined} onClick={() => void say(false)}>
          {t("The codes differ")}
        </button>
      </div>
    </>
  );
}
