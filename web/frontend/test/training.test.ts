// A training record is known by its origin alone, which stands under the signature.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTraining, originUuid } from "../src/player/reader";

const UUID = "0198c0de-0000-7000-8000-000000000001";

test("an origin of a rehearsal is one, and that of a court is none", () => {
  const origin = `training.court.example/hearing/${UUID}`;
  assert.equal(originUuid(origin), UUID);
  assert.deepEqual([isTraining(origin), isTraining(`court.example/hearing/${UUID}`), isTraining(`court.training.example/hearing/${UUID}`)], [true, false, false]);
});
