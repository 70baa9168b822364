"""Howling is cut in the sound graph of a real browser, to the sample: Chromium renders the graph, no clock is asked."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.browsers import chromium

SITE = "https://court.example"
CUT_DB = -20
"""How much of the tone is left at most."""
MISSED_DB = -1.5
"""How much a voice beside it may lose."""

BUNDLE = """
import * as esbuild from "esbuild";
await esbuild.build({entryPoints: ["src/client/howl-guard.ts"], outfile: process.argv[1], bundle: true, format: "esm"});
"""

RENDER = """
async ({howl, voice, from, seconds, rate, speaker}) => {
  const {cutHowling, quietenSpeaker} = await import("/howl-guard.js");
  const context = new OfflineAudioContext(1, seconds * rate, rate);
  // The program of a worklet passes no route of the test.
  const program = new Blob([await (await fetch("/limiter.js")).text()], {type: "text/javascript"});
  await context.audioWorklet.addModule(URL.createObjectURL(program));
  const line = new GainNode(context);
  const tone = (frequency, gain, start, into) => {
    const oscillator = new OscillatorNode(context, {frequency});
    oscillator.connect(new GainNode(context, {gain})).connect(into);
    oscillator.start(start);
  };
  tone(howl, 0.7, from, line);
  if (speaker) {
    const loud = new GainNode(context);
    tone(voice, 0.1, 0, loud);
    quietenSpeaker(context, line, loud).out.connect(context.destination);
  } else {
    tone(voice, 0.1, 0, line);
    cutHowling(context, line).out.connect(context.destination);
  }
  const samples = (await context.startRendering()).getChannelData(0);
  // Level of each tone in spans of 20 ms (Goertzel under a Hann window), in dB against full scale.
  const size = rate / 50;
  const level = (hz, begin) => {
    let re = 0, im = 0, total = 0;
    for (let n = 0; n < size; n += 1) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size);
      const phase = (2 * Math.PI * hz * n) / rate;
      re += samples[begin + n] * hann * Math.cos(phase);
      im += samples[begin + n] * hann * Math.sin(phase);
      total += hann;
    }
    return 20 * Math.log10((2 * Math.hypot(re, im)) / total + 1e-9);
  };
  const spans = Array.from({length: Math.floor(samples.length / size)}, (_, at) => at * size);
  return [howl, voice].map((hz) => spans.map((begin) => level(hz, begin)));
}
"""


@pytest.fixture(scope="module")
def guard(node_runs: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part of the live page's script that builds the graph, as a module of its own."""
    out = tmp_path_factory.mktemp("howl") / "howl-guard.js"
    node_runs("--input-type=module", "--eval", BUNDLE, str(out))
    return out


async def render(build: Any, guard: Path, **wanted: Any) -> tuple[list[float], list[float]]:
    """The levels of howl and voice in each 20 ms of what comes out, dBFS."""
    bodies = {
        "/howl-guard.js": guard.read_text(),
        "/limiter.js": build.read("limiter.js").decode(),
        "/": "<title>-</title>",
    }

    async def answer(route: Any) -> None:
        path = re.sub(r"^https://[^/]+", "", route.request.url)
        kind = "text/html" if path == "/" else "text/javascript"
        await route.fulfill(body=bodies.get(path, ""), content_type=kind)

    async with chromium() as browser:
        page = await browser.new_page()
        await page.route(f"{SITE}/**", answer)
        await page.goto(f"{SITE}/")
        howl, voice = await page.evaluate(RENDER, {"from": 0.5, "seconds": 2, "rate": 48_000, **wanted})
    return howl, voice


async def test_a_howling_tone_is_cut_out_of_a_line_within_200_ms_and_a_voice_is_left(build: Any, guard: Path) -> None:
    howl, voice = await render(build, guard, howl=2_310, voice=500, speaker=False)
    before, after = slice(30, 40), slice(50, None)  # 0.6 s to 0.8 s, when it is a howl; from 1.0 s, 200 ms later
    loud = max(howl[before])
    assert min(howl[before]) > loud - 0.5
    assert max(howl[after]) < loud + CUT_DB, howl
    assert min(voice[after]) > max(voice[5:20]) + MISSED_DB, voice


async def test_a_line_without_howling_passes_as_it_came(build: Any, guard: Path) -> None:
    _howl, voice = await render(build, guard, howl=2_310, voice=500, speaker=False, **{"from": 1.8})
    assert all(abs(level - -20) < 0.1 for level in voice[5:85]), voice


async def test_the_loudspeaker_is_20_db_quieter_within_200_ms_of_a_howl_at_the_microphone(
    build: Any, guard: Path
) -> None:
    howl, voice = await render(build, guard, howl=2_310, voice=500, speaker=True)
    assert all(abs(level - -20) < 0.1 for level in voice[5:40]), voice
    assert all(abs(level - -40) < 0.2 for level in voice[50:]), voice
    assert max(howl) < -100  # of what the microphone hears nothing goes to the loudspeaker
