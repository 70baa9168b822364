import assert from "node:assert/strict";
import { test } from "node:test";
import { ChannelWatch, isCut, isVirtual, PictureWatch, SoundWatch } from "../src/live/watchers";

const wave = (of: (phase: number) => number): Float32Array => Float32Array.from({ length: 1024 }, (_, at) => of((at * 2 * Math.PI) / 128));
const SILENCE = wave(() => 0);
const ROOM = wave(() => 0.0003 * (Math.random() - 0.5));
const SPEECH = wave((phase) => 0.4 * Math.sin(phase) + 0.2 * Math.sin(3.1 * phase));
const CUT = wave((phase) => Math.max(-1, Math.min(1, 4 * Math.sin(phase))));
const LOWERED = CUT.map((sample) => 0.96 * sample);

test("a tone and speech are not cut off, full scale and flat tops are", () => {
  assert.deepEqual([SILENCE, ROOM, SPEECH, wave((phase) => 0.9 * Math.sin(phase)), CUT, LOWERED].map(isCut), [false, false, false, false, true, true]);
});

test("a microphone is silent after eight seconds of nothing, not in a quiet room, and starts anew when it is closed", () => {
  const watch = new SoundWatch();
  const said = (samples: Float32Array | null, from: number, to: number): string => {
    let found = "";
    for (let now = from; now < to; now += 125) found = watch.take(now, samples);
    return found;
  };
  assert.equal(said(ROOM, 0, 20_000), "");
  assert.equal(said(SILENCE, 20_000, 27_000), "");
  assert.equal(said(SILENCE, 27_000, 29_000), "microphone_silent");
  assert.equal(said(null, 29_000, 29_500), "");
  assert.equal(said(SILENCE, 29_500, 36_000), "");
  assert.equal(said(SPEECH, 36_000, 37_000), "");
});

test("one loud moment is not yet distorted sound", () => {
  const watch = new SoundWatch();
  for (let look = 0; look < 7; look += 1) assert.equal(watch.take(look, CUT), "");
  assert.equal(watch.take(7, CUT), "microphone_clipped");
  for (let look = 8; look < 60; look += 1) watch.take(look, SPEECH);
  assert.equal(watch.take(60, SPEECH), "");
});

const points = (of: (at: number) => number): Uint8ClampedArray => Uint8ClampedArray.from({ length: 32 * 18 * 4 }, (_, at) => of(at >> 2));

test("a picture is black or stands still after six seconds, and a dark one with something in it is neither", () => {
  const said = (picture: (now: number) => Uint8ClampedArray | null): string => {
    const watch = new PictureWatch();
    let found = "";
    for (let now = 0; now <= 7_000; now += 1_000) found = watch.take(now, picture(now));
    return found;
  };
  assert.equal(said(() => points(() => 0)), "camera_black");
  assert.equal(said((now) => points((at) => (at + now / 1_000) % 5)), "camera_black");
  assert.equal(said(() => points((at) => at % 200)), "camera_frozen");
  assert.equal(said((now) => points((at) => (at + now / 1_000) % 200)), "");
  assert.equal(said((now) => points((at) => (at < 100 ? 60 : (at + now / 1_000) % 4))), "");
  assert.equal(said((now) => (now === 5_000 ? null : points(() => 0))), "");
});

test("programs that pose as cameras are known by their names", () => {
  for (const name of ["OBS Virtual Camera", "ManyCam Virtual Webcam", "Snap Camera", "Dummy video device (0x0000)", "DroidCam Source 3"]) assert.ok(isVirtual(name), name);
  for (const name of ["", "FaceTime HD Camera", "Integrated Webcam (0c45:6a0e)", "Logitech BRIO", "Observer Cam", "fake_device_0"]) assert.ok(!isVirtual(name), name);
});

test("a channel is silent after ten seconds of others' speech without a word, not while nobody speaks", () => {
  const watch = new ChannelWatch();
  const look = (levels: { heard: number; own: number } | null, from: number, to: number): string => {
    let found = "";
    for (let now = from; now < to; now += 125) found = watch.take(now, levels);
    return found;
  };
  assert.equal(look({ heard: -70, own: -80 }, 0, 60_000), "");
  assert.equal(look({ heard: -20, own: -80 }, 60_000, 69_000), "");
  assert.equal(look({ heard: -20, own: -30 }, 69_000, 69_500), "");
  assert.equal(look({ heard: -20, own: -80 }, 69_500, 79_000), "");
  assert.equal(look({ heard: -20, own: -80 }, 79_000, 80_500), "channel_silent");
  assert.equal(look(null, 80_500, 81_000), "");
  assert.equal(look({ heard: -20, own: -80 }, 81_000, 90_000), "");
});
