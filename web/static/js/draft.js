// The form of a draft: saves it on the server while somebody types, and shows a field that depends on another only while
// it is asked for. Pages work without it. It never moves the focus. No text of its own: it comes from the server.
"use strict";

const EVERY = 15000;

function startSaving(form) {
  const line = document.getElementById("autosave");
  const version = form.elements.namedItem("version");
  const content = () => new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "version")).toString();
  let saved = content();
  let saving; // the save that is under way
  let stopped = false;

  async function save() {
    const now = content();
    if (now === saved) return;
    const answer = await fetch(form.dataset.autosave, {
      method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "application/json" },
    });
    if (!(answer.headers.get("content-type") || "").includes("json")) throw new Error("no answer of the service");
    const told = await answer.json();
    if (answer.ok) {
      saved = now;
      version.value = told.version;
    } else if (answer.status < 500 && answer.status !== 429) {
      stopped = true;
    }
    line.textContent = told.text || form.dataset.unsaved;
    line.classList.toggle("says-warn", !answer.ok);
  }

  setInterval(() => {
    if (stopped || saving) return;
    saving = save()
      .catch(() => {
        line.textContent = form.dataset.unsaved;
        line.classList.add("says-warn");
      })
      .finally(() => { saving = undefined; });
  }, EVERY);

  // A form is sent with the version that the save under way makes. Before page.js counts it as sent.
  form.addEventListener("submit", (event) => {
    if (!saving) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    saving.finally(() => form.requestSubmit(button));
  });
}

function startConditions(form) {
  const parts = [...form.querySelectorAll("[data-shown-if]")].map((part) => [part, JSON.parse(part.dataset.shownIf)]);
  const given = (data, name) => data.getAll(name).filter((value) => value !== "");
  const look = () => {
    const data = new FormData(form);
    for (const [part, ways] of parts) {
      const asked = ways.some(([name, values]) =>
        given(data, name).some((value) => values.length === 0 || values.includes(value)));
      const inside = [...part.querySelectorAll("input, textarea, select")];
      const filled = inside.some((input) => (input.type === "checkbox" || input.type === "radio" ? input.checked : input.name === part.dataset.field && input.value !== ""));
      part.hidden = !asked && !filled && !part.querySelector(".field-error");
    }
  };
  form.addEventListener("change", look);
  look();
}

const draft = document.querySelector("form[data-draft]");
if (draft) {
  startConditions(draft);
  if (draft.dataset.autosave) startSaving(draft);
}
