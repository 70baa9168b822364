// A bag (RFC 8493) chosen by its reader: is it complete and valid, and what is in it? Files come as `File`s with their
// path inside the bag; nothing is uploaded.

import { sha256 } from "@noble/hashes/sha2.js";
import { sha512 } from "@noble/hashes/sha2.js";
import type { Check } from "./check";
import { proofName } from "./excerpt";
import { hex } from "./tlog";

/** What a browser's File and a file on a disk have in common. */
export interface Part {
  size: number;
  stream(): AsyncIterable<Uint8Array>;
}

export interface Digest {
  size: number;
  sha256: string;
}

const REQUIRED = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt"];
const ALGORITHMS = { sha256, sha512 };
const MAX_TAG = 64 * 1024 * 1024;
/** Bytes of a proof: one line of a journal, and the path to its root. */
const MAX_PROOF = 2 * 1024 * 1024;

/** Reads every file once, hashes it, and compares the manifests. Returns the payload by its path inside `data/`. */
export async function readBag(
  files: ReadonlyMap<string, Part>,
  check: Check,
  onFile: (path: string) => void = () => undefined,
): Promise<Map<string, Digest>> {
  const payload = new Map<string, Digest>();
  for (const [path, part] of files) {
    if (!path.startsWith("data/")) continue;
    const hasher = sha256.create();
    let size = 0;
    for await (const block of part.stream()) {
      hasher.update(block);
      size += block.length;
    }
    payload.set(path.slice(5), { size, sha256: hex(hasher.digest()) });
    onFile(path);
  }
  const tags = new Map<string, Uint8Array>();
  for (const [path, part] of files) {
    if (!path.startsWith("data/") && part.size <= MAX_TAG) tags.set(path, await readAll(part));
  }
  const bag = (code: string): void => check.fail("bag", code);
  if (!payload.size) bag("bag_empty");
  for (const name of REQUIRED) if (!tags.has(name)) bag("bag_incomplete");
  if (tags.has("fetch.txt")) bag("bag_fetch");
  if (text(tags.get("bagit.txt")).replace(/\n$/, "") !== "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8") bag("bag_declaration");
  const total = [...payload.values()].reduce((sum, each) => sum + each.size, 0);
  const oxum = [...text(tags.get("bag-info.txt")).matchAll(/^Payload-Oxum[ \t]*:[ \t]*(.*?)[ \t]*$/gim)].map((found) => found[1]);
  if (oxum.length !== 1 || oxum[0] !== `${total}.${payload.size}`) bag("bag_oxum");
  const listed = entries(text(tags.get("manifest-sha256.txt")), bag);
  for (const [path, digest] of listed) if (!path.startsWith("data/") || payload.get(path.slice(5))?.sha256 !== digest) bag("bag_manifest");
  for (const path of payload.keys()) if (!listed.has(`data/${path}`)) bag("bag_manifest");
  for (const name of ["sha256", "sha512"] as const) tagManifest(tags, name, bag);
  return payload;
}

function tagManifest(tags: Map<string, Uint8Array>, name: "sha256" | "sha512", bag: (code: string) => void): void {
  const listed = entries(text(tags.get(`tagmanifest-${name}.txt`)), bag);
  for (const [path, digest] of listed) {
    const data = tags.get(path);
    if (!data || path.startsWith("tagmanifest-") || hex(ALGORITHMS[name](data)) !== digest) bag("bag_manifest");
  }
  for (const path of tags.keys()) {
    const manifest = /^manifest-[a-z0-9]+\.txt$/.test(path) || (REQUIRED.includes(path) && !path.startsWith("tagmanifest-"));
    if (manifest && !listed.has(path)) bag("bag_manifest");
  }
}

function entries(lines: string, bag: (code: string) => void): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines.split("\n").filter((each) => each !== "")) {
    const parts = /^([0-9A-Fa-f]+)[ \t]+\*?([^ \t].*)$/.exec(line);
    const path = parts?.[2]?.replace(/%(0[Aa]|0[Dd]|25)/g, (_all, code: string) => String.fromCharCode(parseInt(code, 16)));
    if (!parts || path === undefined || found.has(path)) bag("bag_manifest");
    else found.set(path, (parts[1] ?? "").toLowerCase());
  }
  return found;
}

function text(data: Uint8Array | undefined): string {
  return new TextDecoder().decode(data ?? new Uint8Array(0)).replace(/\r\n?/g, "\n");
}

export async function readAll(part: Part): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(part.size);
  let at = 0;
  for await (const block of part.stream()) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}

/** Checks a bag: manifests, head, both logs or the proofs of an excerpt, files, orphans. */
export async function checkBag(
  files: ReadonlyMap<string, Part>,
  check: Check,
  kept: Uint8Array[] = [],
  onFile?: (path: string) => void,
): Promise<void> {
  const payload = await readBag(files, check, onFile);
  const read = async (path: string): Promise<Uint8Array<ArrayBuffer> | null> => {
    const part = files.get(`data/${path}`);
    return part ? readAll(part) : null;
  };
  const head = await read("checkpoint");
  if (head) await check.readHead(head);
  else check.cannot("checkpoint");
  const token = await read("checkpoint.tsr");
  if (head && token) check.readToken(token, head);
  const journal = await read("journal.jsonl");
  if (journal) {
    await check.readLogs({ journal, custody: await read("custody.jsonl"), custodyHead: await read("custody-checkpoint") }, kept);
  } else {
    const proofs = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const path of payload.keys()) {
      const name = proofName(path);
      if (name !== null && payload.get(path)!.size <= MAX_PROOF) proofs.set(name, (await read(path))!);
      else if (name !== null) proofs.set(name, new Uint8Array(0));
    }
    await check.readProofs({ proofs, checkpoint: head, custodyHead: await read("custody-checkpoint") }, kept);
  }
  for (const [path, digest] of payload) check.compare(path, digest.size, digest.sha256);
  check.orphans(payload.keys());
}
