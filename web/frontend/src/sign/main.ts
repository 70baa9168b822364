// Forms that are signed (web/server/templates/sign.html): the officer opens the authority's key file, this page signs what it
// shows, and only the signature is sent. The key file has no name in the form, so the browser does not send it either.

import { load, t } from "../i18n";
import { type Json, canonical } from "./canonical";
import { type Fault, MAX_KEY_FILE, SignError, type SigningKey, readSigningKey, sign } from "./signer";

const opened = performance.now();

const FAULTS: Record<Fault | "none" | "unknown_key" | "statement", () => string> = {
  too_long: () => t("This is not a key file: it is too long."),
  no_key: () => t("This file holds no signing key. A key file that signs has a line that begins with # signing-key:"),
  several_keys: () => t("This file holds several signing keys. Choose a file with one."),
  damaged: () => t("The signing key in this file is damaged. Ask your authority for the file again."),
  unsupported: () => t("This browser cannot sign (it lacks Ed25519). Use a current version of Firefox, Safari, Chrome or Edge."),
  none: () => t("Choose your key file."),
  unknown_key: () =>
    t("This file holds a key that is not registered for your State, or has been retired. Choose the file of an authority named below."),
  statement: () => t("What is to be signed arrived damaged. Reload the page."),
};

interface Statement {
  [name: string]: Json;
  iat: number;
}

class SignForm {
  private key: SigningKey | null = null;
  private busy = false;
  private choosing: Promise<void> = Promise.resolve();
  private readonly statement: Statement;
  private readonly file: HTMLInputElement;
  private readonly shown: HTMLElement;
  private readonly begun: number;

  constructor(private readonly form: HTMLFormElement) {
    const text = form.dataset["statement"] ?? "";
    this.statement = JSON.parse(text) as Statement;
    if (canonical(this.statement) !== text) throw new SignError("damaged");
    this.begun = this.statement.iat;
    this.file = this.part("[data-sign-file]") as HTMLInputElement;
    this.shown = this.part("[data-sign-shown]");
    this.file.addEventListener("change", () => (this.choosing = this.choose()));
    if (this.file.files?.length) this.choosing = this.choose(); // chosen before this script was there
    // A page come back to from the next one is as it was left, which is: sent.
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.busy = false;
    });
    // Before page.js, which notes that a form has been sent: this event sends nothing yet.
    form.addEventListener("submit", (event) => void this.submit(event), { capture: true });
    this.show();
  }

  private part(selector: string): HTMLElement {
    return this.form.querySelector(selector) as HTMLElement;
  }

  /** The time of signing is the server's, counted on from when the page was made: this machine's clock may be wrong. */
  private show(): void {
    this.statement.iat = this.begun + Math.floor((performance.now() - opened) / 1000);
    this.shown.textContent = JSON.stringify(this.statement, null, 2);
  }

  private async choose(): Promise<void> {
    this.key = null;
    this.say("");
    const file = this.file.files?.[0];
    if (!file) return;
    try {
      if (file.size > MAX_KEY_FILE) throw new SignError("too_long");
      const key = await readSigningKey(await file.text());
      if (file !== this.file.files?.[0]) return; // another has been chosen meanwhile
      const kids = (this.form.dataset["kids"] ?? "").split(" ");
      if (!kids.includes(key.kid)) return this.refuse("unknown_key");
      this.key = key;
      const whose = key.authority ? t("key of {authority}", { authority: key.authority }) : t("a key file");
      this.say(key.demo ? `${whose}. ${t("THROW-AWAY DEMO KEY: never use it for a real hearing.")}` : whose);
    } catch (error) {
      this.refuse(error instanceof SignError ? error.code : "damaged");
    }
  }

  private async submit(event: Event): Promise<void> {
    const jws = this.part("[data-sign-jws]") as HTMLInputElement;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.busy) return;
    this.busy = true;
    await this.choosing; // a file chosen just now is still being read
    if (!this.key) {
      this.busy = false;
      if (this.file.getAttribute("aria-invalid") !== "true") this.refuse("none");
      this.file.focus();
      return;
    }
    this.show();
    try {
      jws.value = await sign(this.statement, this.key);
    } catch {
      this.busy = false;
      this.refuse("damaged");
      return;
    }
    this.key = null;
    this.file.value = "";
    this.form.submit(); // no second event
  }

  private say(text: string): void {
    this.part("[data-sign-key]").textContent = text;
    this.mark("");
  }

  private refuse(code: keyof typeof FAULTS): void {
    this.part("[data-sign-key]").textContent = "";
    this.mark(FAULTS[code]());
  }

  private mark(text: string): void {
    const wrong = this.part("[data-sign-error]");
    wrong.textContent = text;
    wrong.hidden = text === "";
    this.file.setAttribute("aria-invalid", String(text !== ""));
    this.file.closest(".field")?.classList.toggle("field-wrong", text !== "");
  }
}

const forms = document.querySelectorAll<HTMLFormElement>("form[data-statement]");
for (const without of document.querySelectorAll("[data-sign-script]")) without.remove();
await load(forms[0]?.dataset["messages"]);
for (const form of forms) {
  try {
    new SignForm(form);
    for (const button of form.querySelectorAll<HTMLButtonElement>("button[disabled]")) button.disabled = false;
  } catch {
    const wrong = form.querySelector<HTMLElement>("[data-sign-error]");
    if (wrong) {
      wrong.textContent = FAULTS.statement();
      wrong.hidden = false;
    }
  }
}
export {};
