// Builds the islands into ../static/dist: content-hashed names and manifest.json, which maps `live.js` to the file of
// that build. An entry whose source is not there is skipped. `node build.mjs [FOLDER]` is the whole build. Documents are
// set in the fonts that are copied into print-fonts: whole files, because typst reads no fonts made for the web.
// licences.txt has the licence of every package that something of it may have come from.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static", "dist");

const ENTRIES = {
  "line-test": ["src/line_test/main.tsx"],
  live: ["src/live/main.tsx"],
  player: ["src/player/main.tsx", "src/player/main.ts"],
  "player-worker": ["src/player/worker.ts"],
  fonts: ["src/fonts/fonts.css"],
  verify: ["src/verify/main.tsx", "src/verify/main.ts"],
  sign: ["src/sign/main.ts"],
};

/** Arabic that can be copied out of a PDF again: Noto draws its letters and their dots apart. */
const PRINT = {
  "ibm-plex-sans-arabic": "IBMPlexSansArabic",
  "noto-sans": "NotoSans",
  "noto-sans-sc": "NotoSansSC",
  "noto-sans-thai": "NotoSansThai",
};
const WEIGHTS = ["400Regular", "700Bold"];

/** Names the files by their content, so that a page may keep them for ever. Fonts have such a name already. */
function hashed(file) {
  const kind = extname(file.path);
  if (kind === ".woff2") return basename(file.path);
  const digest = createHash("sha256").update(file.contents).digest("hex").slice(0, 12);
  return `${basename(file.path, kind)}-${digest}${kind}`;
}

const entryPoints = {};
for (const [name, sources] of Object.entries(ENTRIES)) {
  const source = sources.find((path) => existsSync(join(here, path)));
  if (source) entryPoints[name] = join(here, source);
}

const result = await esbuild.build({
  absWorkingDir: here,
  entryPoints,
  outdir: out,
  write: false,
  bundle: true,
  format: "esm",
  target: ["es2022"],
  platform: "browser",
  minify: true,
  legalComments: "none",
  charset: "utf8",
  loader: { ".woff2": "file" },
  assetNames: "[name]-[hash]",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "info",
});

mkdirSync(out, { recursive: true });
const manifest = {};
for (const file of result.outputFiles) {
  const name = hashed(file);
  manifest[basename(file.path)] = name;
  writeFileSync(join(out, name), file.contents);
  console.log(`${name}  ${file.contents.length} bytes, ${gzipSync(file.contents).length} gzipped`);
}
const text = JSON.stringify(manifest, null, 2) + "\n";
const path = join(out, "manifest.json");
if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
for (const old of readdirSync(out)) {
  const kept = ["manifest.json", "print-fonts", "licences.txt", ...Object.values(manifest)];
  if (!kept.includes(old)) rmSync(join(out, old));
}

const { packages } = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
const licences = Object.entries(packages)
  .filter(([path, { dev }]) => path && !dev)
  .map(([path, { version, license }]) => {
    const texts = readdirSync(join(here, path)).filter((name) => /^licen[cs]e/i.test(name)).sort();
    if (!texts.length) throw new Error(`${path} has no licence`);
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    return [`${name} ${version} (${license})`, ...texts.map((text) => readFileSync(join(here, path, text), "utf8").trim())];
  });
writeFileSync(join(out, "licences.txt"), licences.map((parts) => parts.join("\n\n")).join("\n\n----\n\n") + "\n");

rmSync(join(out, "print-fonts"), { recursive: true, force: true });
mkdirSync(join(out, "print-fonts"));
for (const [name, family] of Object.entries(PRINT)) {
  for (const weight of WEIGHTS) {
    const file = `${family}_${weight}.ttf`;
    copyFileSync(join(here, "node_modules", "@expo-google-fonts", name, weight, file), join(out, "print-fonts", file));
  }
}
