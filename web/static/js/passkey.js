// Forms that use a passkey. Before such a form is sent, the server gives options with a challenge, the browser asks the
// device, and its answer goes with the form (or, before the form, to an address of its own). Nothing is kept here.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list) => (list ?? []).map((item) => ({ ...item, id: bytes(item.id) }));

function creation(options) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const user = { ...options.user, id: bytes(options.user.id) };
  return { ...options, user, challenge: bytes(options.challenge), excludeCredentials: named(options.excludeCredentials) };
}

function asking(options) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
}

function asJson(credential) {
  if (credential.toJSON) return JSON.stringify(credential.toJSON());
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  const { id, type } = credential;
  return JSON.stringify({ id, rawId: text(credential.rawId), type, response, clientExtensionResults: {} });
}

async function post(address, token, body) {
  const headers = { "X-CSRF-Token": token, "Content-Type": "application/x-www-form-urlencoded" };
  const answer = await fetch(address, { method: "POST", headers, body: new URLSearchParams(body) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}

async function prove(form) {
  const token = form.elements.csrf?.value ?? "";
  const options = await (await post(form.dataset.passkeyOptions, token, {})).json();
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: creation(options) })
      : await navigator.credentials.get({ publicKey: asking(options) });
  const answer = asJson(credential);
  if (form.dataset.passkeyResult) await post(form.dataset.passkeyResult, token, { csrf: token, answer });
  else form.elements.answer.value = answer;
}

const failed = document.querySelector("[data-passkey-failed]");
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  if (!globalThis.PublicKeyCredential) {
    button.disabled = true;
    document.querySelector("[data-passkey-missing]").hidden = false;
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    failed.hidden = true;
    try {
      await prove(form);
      form.submit();
    } catch {
      failed.hidden = false;
      failed.focus();
      button.disabled = false;
    }
  });
}
