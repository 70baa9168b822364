import assert from "node:assert/strict";
import { test } from "node:test";
import { PartCache } from "../src/player/part-cache";

function counted(size: number, bound: number): { cache: PartCache; fetched: string[] } {
  const fetched: string[] = [];
  const cache = new PartCache(async (path) => {
    fetched.push(path);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return new Uint8Array(size);
  }, bound);
  return { cache, fetched };
}

test("a part under way is waited for, and one that has come is not fetched again", async () => {
  const { cache, fetched } = counted(10, 100);
  await Promise.all([cache.take("a"), cache.take("a"), cache.once("a")]);
  await cache.take("a");
  assert.deepEqual(fetched, ["a"]);
  assert.equal(cache.bytes, 10);
});

test("what was used longest ago goes first, and no more is kept than the bound", async () => {
  const { cache, fetched } = counted(10, 30);
  for (const path of ["a", "b", "c", "a", "d"]) await cache.take(path);
  assert.equal(cache.bytes, 30);
  await cache.take("a");
  await cache.take("b");
  assert.deepEqual(fetched, ["a", "b", "c", "d", "b"]);
});

test("what is looked at once, and a part larger than the bound, push out nothing", async () => {
  const { cache, fetched } = counted(10, 10);
  await cache.take("a");
  await cache.once("b");
  await cache.take("a");
  assert.deepEqual(fetched, ["a", "b"]);
  const large = counted(11, 10);
  await large.cache.take("a");
  assert.equal(large.cache.bytes, 0);
});

test("a part that could not be fetched is asked for again", async () => {
  let times = 0;
  const cache = new PartCache(async () => {
    times += 1;
    if (times === 1) throw new Error("no answer");
    return new Uint8Array(1);
  });
  await assert.rejects(cache.take("a"));
  assert.equal((await cache.take("a")).length, 1);
});
