// Writes FILE.br and FILE.gz beside every text in a folder (../static/dist unless named) that they make smaller:
// `node compress.mjs [FOLDER]`. Fonts are compressed already.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const folder = process.argv[2] ?? join(fileURLToPath(new URL(".", import.meta.url)), "..", "static", "dist");
const TEXTS = new Set([".css", ".js", ".json", ".svg", ".txt"]);

for (const name of readdirSync(folder)) {
  if (!TEXTS.has(extname(name))) continue;
  const plain = readFileSync(join(folder, name));
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  const made = { br: brotliCompressSync(plain, { params }), gz: gzipSync(plain, { level: 9 }) };
  for (const [kind, bytes] of Object.entries(made)) {
    if (bytes.length < plain.length) writeFileSync(join(folder, `${name}.${kind}`), bytes);
  }
}
