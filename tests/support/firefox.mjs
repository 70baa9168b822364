// Drives one Firefox by WebDriver BiDi: a line of JSON in for each act, a line of JSON out with what came of it.
// `node firefox.mjs PACKAGES EXECUTABLE PREFERENCES`; PACKAGES is the folder whose node_modules has puppeteer-core.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [packages, executablePath, preferences] = process.argv.slice(2);
const { resolve } = createRequire(join(packages, "package.json"));
const { default: puppeteer } = await import(pathToFileURL(resolve("puppeteer-core")).href);
const browser = await puppeteer.launch({
  browser: "firefox", executablePath, headless: true, extraPrefsFirefox: JSON.parse(preferences),
});
const page = await browser.newPage();
page.setDefaultTimeout(60_000);
const wrong = [];
page.on("pageerror", (error) => wrong.push(String(error)));
page.on("console", (message) => {
  if (message.text().includes("Content-Security-Policy")) wrong.push(message.text());
});

const acts = {
  before: (script) => page.evaluateOnNewDocument(script).then(() => null),
  goto: (url) => page.goto(url, { waitUntil: "load" }).then(() => page.url()),
  press: async (name) => {
    await (await page.waitForSelector(`::-p-aria([name="${name}"][role="button"])`, { visible: true })).click();
  },
  fill: async ({ label, text }) => {
    await (await page.waitForSelector(`::-p-aria([name="${label}"])`, { visible: true })).type(text);
  },
  offers: (name) => page.waitForSelector(`::-p-aria([name="${name}"][role="button"])`, { visible: true }).then(() => true),
  says: async ({ id, words, milliseconds }) => {
    const said = (id, words) => document.querySelector(`[data-testid="${id}"]`)?.textContent.trim().startsWith(words);
    await page.waitForFunction(said, { timeout: milliseconds }, id, words);
  },
  evaluate: (script) => page.evaluate(script),
  wrong: () => wrong,
  screenshot: (path) => page.screenshot({ path }).then(() => null),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { act, value } = JSON.parse(line);
  let told;
  try {
    told = { answer: (await acts[act](value)) ?? null };
  } catch (error) {
    told = { error: `${act}: ${error.stack ?? error}` };
  }
  process.stdout.write(JSON.stringify(told) + "\n");
}
await browser.close();
