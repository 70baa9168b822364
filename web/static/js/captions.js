// The stenographer's page: sends a line without loading the page again, so that nothing typed meanwhile is lost, and adds
// it to the lines. The page works without it. No text of its own: it comes from the server.
"use strict";

const form = document.querySelector("form[data-unsent]");
const field = form?.elements.namedItem("text");
const line = document.getElementById("line-said");
const list = document.getElementById("caption-lines");
let sending = Promise.resolve();

function say(text) {
  line.textContent = text;
  line.classList.toggle("says-warn", text !== "");
}

function add({ number, lang, text, speaker }) {
  const item = document.createElement("li");
  const what = document.createElement("div");
  const who = document.createElement("strong");
  const words = document.createElement("p");
  what.className = "what";
  who.textContent = speaker;
  words.className = "kept";
  words.lang = lang;
  words.dir = "auto";
  words.textContent = text;
  const correct = document.createElement("a");
  correct.href = `${location.pathname}?corrects=${number}#text`;
  correct.textContent = list.dataset.correct;
  what.append(who, words, correct);
  item.append(what);
  document.getElementById("no-lines")?.remove();
  list.prepend(item);
}

async function send(text, body) {
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
    if (!(answer.headers.get("content-type") || "").includes("json")) throw new Error("no answer of the service");
    const told = await answer.json();
    if (answer.ok) {
      add(told);
      return say("");
    }
    say(told.text || told.detail || form.dataset.unsent);
  } catch {
    say(form.dataset.unsent);
  }
  // Back to where it was typed, before what was typed since.
  field.value = [text, field.value].filter(Boolean).join(" ");
}

// Before page.js counts the form as sent: lines follow one another quickly.
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const text = field.value;
  const body = new URLSearchParams(new FormData(form));
  field.value = "";
  field.focus();
  sending = sending.then(() => send(text, body));
});
