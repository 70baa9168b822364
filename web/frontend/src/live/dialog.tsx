// A modal question, on the browser's own <dialog>: it keeps the keyboard inside and gives the focus back.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useHearing } from "./context";
import { pt, t } from "../i18n";

/** Open questions that show by themselves why they were refused. */
const asking = signal(0);

export function Dialog({ title, wide, onClose, children }: { title: string; wide?: boolean; onClose(): void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    // The text first, not a button: nobody agrees by a key pressed a moment too late.
    dialog?.querySelector<HTMLElement>("h2")?.focus();
    return () => {
      dialog?.close();
      // What was asked may have taken the button away that opened the question.
      const back = before instanceof HTMLElement && before.isConnected ? before : document.querySelector("h1");
      back?.focus();
    };
  }, []);
  return (
    <dialog ref={ref} class={wide ? "dialog wide" : "dialog"} aria-labelledby={heading} onCancel={onClose}>
      <h2 id={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </dialog>
  );
}

/** A question with a reason in the person's own words. */
export function ReasonDialog(props: {
  title: string;
  text?: string;
  confirm: string;
  required: boolean;
  danger?: boolean;
  /** Shortest reason that is required, in characters; 3 without it. */
  least?: number;
  /** What the text is, if it is no reason. */
  label?: string;
  /** Longest reason, in characters. */
  most?: number;
  onConfirm(reason: string): Promise<boolean>;
  onClose(): void;
  children?: ComponentChildren;
}) {
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useId();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const text = reason.trim();
    if (props.required && text.length < (props.least ?? (props.label ? 1 : 3))) {
      setProblem(props.label ? t("Write a few words.") : t("Give a reason, in a few words."));
      document.getElementById(field)?.focus();
      return;
    }
    setBusy(true);
    const ok = await props.onConfirm(text);
    setBusy(false);
    if (ok) props.onClose();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        {props.text && <p>{props.text}</p>}
        {props.children}
        <label class="field" for={field}>
          {props.label ?? (props.required ? t("Reason") : t("Reason (optional)"))}
        </label>
        {problem && (
          <p class="field-error" id={`${field}-error`} role="alert">
            {problem}
          </p>
        )}
        <textarea
          id={field}
          rows={3}
          maxLength={props.most ?? 500}
          dir="auto"
          value={reason}
          aria-invalid={problem ? "true" : undefined}
          aria-describedby={problem ? `${field}-error` : undefined}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        <DialogRefusal />
        <div class="row">
          <button type="submit" class={props.danger ? "btn danger" : "btn primary"} disabled={busy}>
            {props.confirm}
          </button>
          <button type="button" class="btn" onClick={props.onClose}>
            {t("Cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const seen = (element: Element): boolean => element.isConnected && element.getClientRects().length > 0;

/**
 * Keeps the focus in the part of the page where it was when what held it goes: a button beside the name of somebody who
 * has left, say. It moves to the heading of that part, or to the first control in it. `change`: after what to look.
 */
export function useFocusKept(change: unknown) {
  const root = useRef<HTMLDivElement>(null);
  const within = useRef<Element[]>([]);
  useEffect(() => {
    const remember = (event: FocusEvent): void => {
      within.current = event.composedPath().filter((node): node is Element => node instanceof Element);
    };
    // Whoever presses elsewhere on the page has not lost it.
    const forget = (): void => void (within.current = []);
    root.current?.addEventListener("focusin", remember);
    root.current?.addEventListener("pointerdown", forget);
    return () => {
      root.current?.removeEventListener("focusin", remember);
      root.current?.removeEventListener("pointerdown", forget);
    };
  }, []);
  useLayoutEffect(() => {
    const [lost, ...around] = within.current;
    const now = document.activeElement;
    if (!lost || seen(lost) || (now && now !== document.body)) return;
    for (const part of around) {
      if (!root.current?.contains(part) || !seen(part)) continue;
      const heading = part.querySelector<HTMLElement>(":scope > :is(h1, h2, h3)");
      const to = heading ?? (part.matches(".controls, .panel, .room") ? part.querySelector<HTMLElement>("button:not([aria-disabled]), h1") : null);
      if (!to) continue;
      if (heading) heading.tabIndex = -1;
      to.focus();
      return;
    }
  }, [change]);
  return root;
}

/** Why the last act was refused; while a question is open, the question says it. */
export function Refusal() {
  return asking.value > 0 ? null : <Refused />;
}

/** The same in a question, about its own act only. It gets the focus: what lies behind a modal question is not read out. */
export function DialogRefusal() {
  const hearing = useHearing();
  const text = hearing.refusal.value;
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    asking.value += 1;
    hearing.refusal.value = "";
    return () => {
      asking.value -= 1;
      hearing.refusal.value = "";
    };
  }, []);
  useEffect(() => {
    if (text && hearing.refusal.peek()) place.current?.focus();
  }, [text]);
  return (
    <div ref={place} tabIndex={-1}>
      <Refused onPutAway={() => place.current?.closest("dialog")?.querySelector("h2")?.focus()} />
    </div>
  );
}

function Refused({ onPutAway }: { onPutAway?(): void }) {
  const hearing = useHearing();
  const text = hearing.refusal.value;
  if (!text) return null;
  const putAway = (): void => {
    hearing.refusal.value = "";
    onPutAway?.();
  };
  return (
    <div class="refusal">
      <p>{text}</p>
      <button type="button" class="btn small" onClick={putAway}>
        {pt("dialog", "Close")}
      </button>
    </div>
  );
}
