// What every server-made page does in the browser: focus the error summary, keep the clocks going, copy buttons,
// warn before the sign-in ends, say when the line is gone. Pages work without it. No text of its own: it comes from
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

function startCopying() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        button.textContent = document.body.dataset.copiedText;
      } catch {
        field.focus();
      }
    });
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

function startOfflineBar() {
  let bar;
  const show = () => {
    if (online()) {
      if (bar) bar.remove();
      bar = undefined;
    } else if (!bar) {
      bar = document.createElement("div");
      bar.className = "offline";
      bar.setAttribute("role", "status");
      bar.textContent = document.body.dataset.offlineText;
      document.querySelector("main").before(bar);
    }
  };
  addEventListener("online", show);
  addEventListener("offline", show);
}

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
startIdleWarning();
startOfflineBar();
