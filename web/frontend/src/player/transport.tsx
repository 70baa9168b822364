// Play, pause, ten seconds, the bar with its gaps, and the time of day in both places. Not mirrored right-to-left.

import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import type { Engine } from "./engine";
import { Icon } from "./icons";
import { interruptions } from "./interruptions";
import { PAUSE } from "./journal";
import { TimePair, timesText } from "./times";
import { type Place, elapsedText } from "./words";

export const STEP = 10_000;

export function Transport({ engine, places, zero }: { engine: Engine; places: Place[]; zero: number }) {
  const second = Math.floor(engine.time.value / 1000);
  const wanted = engine.wanted.value;
  const { end } = engine.recording;
  const now = second * 1000;
  return (
    <div class="player-transport">
      <div class="player-buttons" dir="ltr">
        <button type="button" class="player-round" aria-label={t("Back 10 s")} onClick={() => engine.seek(engine.clock.now() - STEP)}><Icon name="back" /><span aria-hidden="true">{t("10 s")}</span></button>
        <button type="button" class="player-round player-main" onClick={() => (wanted ? engine.pause() : engine.play())}>
          <Icon name={wanted ? "pause" : "play"} /><span>{wanted ? t("Pause") : t("Play")}</span>
        </button>
        <button type="button" class="player-round" aria-label={t("Forward 10 s")} onClick={() => engine.seek(engine.clock.now() + STEP)}><span aria-hidden="true">{t("10 s")}</span><Icon name="forward" /></button>
      </div>
      <p class="player-now">
        <span class="visually-hidden">{t("Time of day")} </span>
        <TimePair at={zero + now} places={places} offsets />
        <span class="player-elapsed"><bdi class="t" dir="ltr">{elapsedText(now)} / {elapsedText(end)}</bdi></span>
        <span class="player-state" role="status">{stateText(engine)}</span>
      </p>
      <div class="player-bar"><div dir="ltr">
        <Gaps engine={engine} />
        <input type="range" class="player-range" aria-label={t("Position in the recording")} min={0} max={Math.ceil(end / 1000)} step={1} value={second}
          aria-valuetext={`${elapsedText(now)}, ${timesText(zero + now, places)}`}
          onInput={(event) => engine.seek(Number(event.currentTarget.value) * 1000)} />
      </div></div>
    </div>
  );
}

function stateText(engine: Engine): string {
  if (engine.unreachable.value) return t("The court's server is not responding. Trying again.");
  if (engine.waiting.value) return t("Loading…");
  return "";
}

/** Where something is missing, hatched over the bar; the list below says it in words. Drawn, because positions are data. */
function Gaps({ engine }: { engine: Engine }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = (): void => drawGaps(element, engine);
    draw();
    const watch = new ResizeObserver(draw);
    watch.observe(element);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => {
      watch.disconnect();
      dark.removeEventListener("change", draw);
    };
  }, [engine]);
  return <canvas ref={canvas} class="player-gaps" aria-hidden="true" />;
}

function drawGaps(canvas: HTMLCanvasElement, engine: Engine): void {
  const scale = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (!width || !height) return;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(canvas);
  context.strokeStyle = style.getPropertyValue("--warn");
  context.fillStyle = style.getPropertyValue("--warn-tint");
  context.lineWidth = scale;
  for (const gap of interruptions(engine).filter((each) => !each.quiet && each.cause !== PAUSE)) {
    const from = (gap.t0 / engine.recording.end) * width;
    const to = Math.max(from + 3 * scale, (gap.t1 / engine.recording.end) * width);
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, height);
    context.clip();
    context.fill();
    context.beginPath();
    for (let x = from - height; x < to; x += 5 * scale) {
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
    }
    context.stroke();
    context.restore();
  }
}
