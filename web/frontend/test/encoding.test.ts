import assert from "node:assert/strict";
import { test } from "node:test";
import { picture, voice } from "../src/client/encoding";

const AGREED = { height: 480, fps: 15, video_kbps: 432, audio_kbps: 24 };

test("a camera with more lines than agreed is scaled down, one with fewer stays as it is", () => {
  assert.deepEqual(picture(AGREED, 720), { maxBitrate: 432_000, maxFramerate: 15, scaleResolutionDownBy: 1.5 });
  assert.equal(picture(AGREED, 360).scaleResolutionDownBy, 1);
  assert.equal(picture(AGREED, 0).scaleResolutionDownBy, 1, "not known yet");
});

test("without an agreement the page keeps to its own rates", () => {
  assert.deepEqual(picture(undefined, 1080), { maxBitrate: 1_500_000 });
  assert.deepEqual([voice(), voice(AGREED)], [{ maxBitrate: 48_000 }, { maxBitrate: 24_000 }]);
});
