// What a screen reader is told: two regions that exist from load to end, so that nothing is missed.
// Polite messages queue, one each 1.5 s; stale ones are dropped. Only what stops the hearing interrupts.
import { signal } from "@preact/signals";
import { announced, type Level } from "./preferences";

const PACE_MS = 1_500;
const STALE_MS = 12_000;
const REPEAT_MS = 3_000;

const polite = signal("");
const assertive = signal("");
let queue: { text: string; at: number }[] = [];
let timer = 0;
const said = new Map<string, number>();

function next(): void {
  const now = performance.now();
  queue = queue.filter((entry) => now - entry.at < STALE_MS);
  const entry = queue.shift();
  polite.value = entry?.text ?? "";
  timer = entry ? window.setTimeout(next, PACE_MS) : 0;
}

export function announce(text: string, level: Level = "detail"): void {
  const now = performance.now();
  if (!text || !announced(level) || now - (said.get(text) ?? -REPEAT_MS) < REPEAT_MS) return;
  said.set(text, now);
  if (level === "stops") {
    // Emptied first, so that the same words again are news.
    assertive.value = "";
    window.setTimeout(() => (assertive.value = text), 50);
    return;
  }
  queue.push({ text, at: now });
  if (!timer) next();
}

export function LiveRegions() {
  return (
    <div class="sr-only">
      <div aria-live="polite" aria-atomic="true" data-testid="live-polite">
        {polite}
      </div>
      <div aria-live="assertive" aria-atomic="true" data-testid="live-assertive">
        {assertive}
      </div>
    </div>
  );
}
