// Builds the islands into ../static/dist: content-hashed names and manifest.json, which maps `live.js` to the file of
// that build. An entry whose source is not there is skipped. `node build.mjs [FOLDER]` is a part of deploy/assets.py,
// which adds the messages of each island (islands.json says of which sources it is made) and compresses everything.
// Documents are set in the fonts that are copied into print-fonts: whole files, because typst reads no fonts made for
// the web.
// licences.txt has the licence of every package that something of it may have come from.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import subsetFont from "subset-font";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static", "dist");

const ENTRIES = {
  "line-test": ["src/line_test/main.tsx"],
  limiter: ["src/limiter/main.ts"],
  live: ["src/live/main.tsx"],
  network: ["src/network/main.tsx"],
  player: ["src/player/main.tsx", "src/player/main.ts"],
  "player-worker": ["src/player/worker.ts"],
  fonts: ["src/fonts/fonts.css"],
  verify: ["src/verify/main.tsx", "src/verify/main.ts"],
  sign: ["src/sign/main.ts"],
  transcript: ["src/transcript/main.tsx"],
};

/** Arabic that can be copied out of a PDF again: Noto draws its letters and their dots apart. */
const PRINT = {
  "ibm-plex-sans-arabic": "IBMPlexSansArabic",
  "noto-sans": "NotoSans",
  "noto-sans-sc": "NotoSansSC",
  "noto-sans-thai": "NotoSansThai",
};
const WEIGHTS = ["400Regular", "700Bold"];

/** The characters of a CSS `unicode-range`. */
function characters(range) {
  const spans = range.split(",").map((part) => part.trim().slice(2).split("-").map((point) => parseInt(point, 16)));
  return spans.map(([first, last = first]) => {
    return Array.from({ length: last - first + 1 }, (_, step) => String.fromCodePoint(first + step)).join("");
  }).join("");
}

/** Cuts the fonts of the faces in fonts.css to their ranges and weights. */
const cutFonts = {
  name: "cut-fonts",
  setup(build) {
    const files = new Map();
    build.onLoad({ filter: /fonts[\\/]fonts\.css$/ }, ({ path }) => {
      const face = /(url\()([^)]+)(\)[^;]*;\s*unicode-range:\s*)([^;]+)/g;
      const contents = readFileSync(path, "utf8").replace(face, (_, before, file, between, range) => {
        const name = `cut:${basename(file, ".woff2")}-cut.woff2`;
        files.set(name, { file: join(here, "node_modules", file), range });
        return `${before}${name}${between}${range}`;
      });
      return { contents, loader: "css" };
    });
    build.onResolve({ filter: /^cut:/ }, ({ path }) => ({ path: path.slice(4), namespace: "cut", pluginData: files.get(path) }));
    build.onLoad({ filter: /.*/, namespace: "cut" }, async ({ pluginData: { file, range } }) => {
      const variationAxes = { wght: { min: 400, max: 700 } };
      const contents = await subsetFont(readFileSync(file), characters(range), { targetFormat: "woff2", variationAxes });
      return { contents, loader: "file" };
    });
  },
};

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
  metafile: true,
  bundle: true,
  format: "esm",
  target: ["es2022"],
  platform: "browser",
  minify: true,
  legalComments: "none",
  charset: "utf8",
  loader: { ".woff2": "file" },
  plugins: [cutFonts],
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
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

/** Of each script: the sources of ours that something in it comes from. */
const islands = {};
for (const [path, { entryPoint, inputs }] of Object.entries(result.metafile.outputs)) {
  if (!entryPoint || extname(path) !== ".js") continue;
  const used = Object.keys(inputs).filter((input) => input.startsWith("src/") && inputs[input].bytesInOutput > 0);
  islands[basename(path, ".js")] = used.sort();
}
writeFileSync(join(out, "islands.json"), JSON.stringify(islands, null, 2) + "\n");
for (const old of readdirSync(out)) {
  const kept = ["manifest.json", "islands.json", "print-fonts", "licences.txt", ...Object.values(manifest)];
  if (!kept.includes(old)) rmSync(join(out, old), { recursive: true });
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
