// What every server-made page does in the browser: focus the error summary, keep the clocks going, copy buttons,
// warn before the sign-in ends, say when the line is gone and when the page has changed. Pages work without it. No text of its own: it comes from
// data attributes, already translated.
"use strict";

const summary = document.getElementById("error-summary");
if (summary) summary.focus();

// A machine without a network still reaches its own loopback address.
const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
const online = () => local || navigator.onLine;

function startClocks() {
  const line = document.querySelector("[data-now]");
  if (!line) return;
  const server = Date.parse(line.dataset.now);
  const begun = performance.now();
  const clocks = [...document.querySelectorAll("[data-clock]")].map((element) => ({
    element,
    format: new Intl.DateTimeFormat("en-GB-u-ca-gregory-nu-latn", {
      timeZone: element.dataset.clock, hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    }),
  }));
  const show = () => {
    const now = new Date(server + performance.now() - begun);
    for (const clock of clocks) {
      const text = clock.format.format(now);
      if (clock.element.textContent !== text) clock.element.textContent = text;
    }
  };
  setInterval(show, 5000);
}

async function copy(text, button, otherwise) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = document.body.dataset.copiedText;
  } catch {
    otherwise();
  }
}

function startCopying() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.copy);
      getSelection().selectAllChildren(field);
      if (field.select) field.select();
      copy(field.value ?? field.textContent, button, () => field.focus());
    });
  }
}

// Code of the documentation: its button is made here, for without a script there is nothing to press.
function startCopyingCode() {
  for (const code of document.querySelectorAll("[data-copy-text] pre[data-code]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button second narrow";
    button.lang = document.documentElement.lang;
    button.textContent = code.closest("[data-copy-text]").dataset.copyText;
    button.setAttribute("aria-describedby", code.id);
    button.addEventListener("click", () => copy(code.textContent, button, () => getSelection().selectAllChildren(code)));
    const box = document.createElement("div");
    box.className = "docs-code";
    code.replaceWith(box);
    box.append(button, code);
  }
}

function startIdleWarning() {
  const seconds = Number(document.body.dataset.idle || 0);
  if (!seconds) return;
  let dialog;
  const ask = () => {
    dialog = document.createElement("dialog");
    dialog.setAttribute("role", "alertdialog");
    const text = document.createElement("p");
    text.id = "idle-text";
    text.textContent = document.body.dataset.idleText;
    dialog.setAttribute("aria-labelledby", "idle-text");
    const stay = document.createElement("button");
    stay.className = "button";
    stay.textContent = document.body.dataset.idleStay;
    stay.addEventListener("click", async () => {
      const answer = await fetch("/session", { headers: { accept: "application/json" } });
      dialog.remove();
      if (answer.ok) setTimeout(ask, (seconds - 180) * 1000);
      else location.reload();
    });
    dialog.append(text, stay);
    document.body.append(dialog);
    dialog.showModal();
  };
  setTimeout(ask, (seconds - 180) * 1000);
}

function bar(text) {
  const made = document.createElement("div");
  made.className = "offline";
  made.setAttribute("role", "status");
  document.querySelector("main").before(made);
  made.textContent = text;
  return made;
}

// A sleeping machine stops its timers, not its clock.
function startEndWarning() {
  const text = document.body.dataset.endsText;
  if (!text) return;
  const at = Date.now() + Number(document.body.dataset.ends) * 1000;
  const look = () => {
    if (Date.now() < at) setTimeout(look, Math.min(at - Date.now(), 30000));
    else bar(text);
  };
  look();
}

function startOfflineBar() {
  let shown;
  const show = () => {
    if (online()) {
      if (shown) shown.remove();
      shown = undefined;
    } else if (!shown) {
      shown = bar(document.body.dataset.offlineText);
    }
  };
  addEventListener("online", show);
  addEventListener("offline", show);
}

// Changes of what this page displays: nothing on it moves, a button reloads it to the same place. A hidden tab is not
// connected; it connects again when it is looked at, and is told what it has missed.
const HIDDEN_MS = 30000, CALM_MS = 400, TRIES = 8;

function startChanges() {
  const address = document.body.dataset.changes;
  if (!address || !("EventSource" in window)) return;
  const line = document.createElement("div");
  line.className = "changes";
  const said = document.createElement("p");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  line.append(said);
  document.querySelector("main").before(line);
  let source, button, calm, hidden, tries = 0;
  const put = (text) => {
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.addEventListener("click", reloadInPlace);
      line.append(button);
      said.textContent = document.body.dataset.changesText; // announced once, however many follow
    }
    button.textContent = text;
  };
  const stop = () => {
    clearTimeout(hidden);
    if (source) source.close();
    source = undefined;
  };
  const listen = () => {
    clearTimeout(hidden);
    if (source || document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("open", () => { tries = 0; });
    source.addEventListener("changes", (event) => {
      const { text } = JSON.parse(event.data);
      clearTimeout(calm);
      calm = setTimeout(put, CALM_MS, text);
    });
    // The browser connects again by itself after a lost line, not after a refusal (a server that restarts).
    source.addEventListener("error", () => {
      if (!source || source.readyState !== EventSource.CLOSED) return;
      stop();
      if (tries < TRIES) setTimeout(listen, 5000 * 2 ** tries++);
    });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hidden = setTimeout(stop, HIDDEN_MS);
    else listen();
  });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", listen);
  listen();
}

// The browser asks first where something typed would be lost.
function reloadInPlace() {
  const fields = document.querySelectorAll("main :is(input:not([type=hidden]), textarea)");
  const typed = [...fields].some((one) => one.value !== one.defaultValue || one.checked !== one.defaultChecked);
  if (typed) addEventListener("beforeunload", (event) => event.preventDefault(), { once: true });
  sessionStorage.setItem("changes", location.pathname);
  location.reload();
}

if (sessionStorage.getItem("changes") === location.pathname) document.getElementById("main")?.focus({ preventScroll: true });
sessionStorage.removeItem("changes");

// A form is sent once, however often the button is pressed.
for (const form of document.querySelectorAll("form[method=post]")) {
  let sent = 0;
  form.addEventListener("submit", (event) => {
    if (!online() || Date.now() - sent < 4000) event.preventDefault();
    else sent = Date.now();
  });
}

startClocks();
startCopying();
startCopyingCode();
startIdleWarning();
startEndWarning();
startOfflineBar();
startChanges();
