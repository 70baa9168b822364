// Translation of the islands: `t("English {name}", {name})`, `tn("{n} person", "{n} persons", n)`,
// `pt("context", "English")` for a message that means something else elsewhere.
// The catalogue is a JSON of the build (deploy/assets.py) with the messages of this island alone: by their English
// text, plural forms by CLDR category.

export interface Catalogue {
  lang: string;
  dir: "ltr" | "rtl";
  messages: Record<string, string | Record<string, string>>;
}

export type Params = Record<string, string | number>;

const english: Catalogue = { lang: "en", dir: "ltr", messages: {} };
let catalogue: Catalogue = english;
let plurals = new Intl.PluralRules("en");

/** Takes a catalogue into use. */
export function use(next: Catalogue): void {
  catalogue = next;
  plurals = new Intl.PluralRules(next.lang);
}

/** Fetches the catalogue at `url`; English stays when there is none, so that nobody waits for words. */
export async function load(url: string | undefined): Promise<void> {
  if (!url) return;
  try {
    const answer = await fetch(url, { credentials: "same-origin" });
    if (answer.ok) use((await answer.json()) as Catalogue);
  } catch {
    // The page works in English.
  }
}

function fill(text: string, params: Params | undefined): string {
  if (!params) return text;
  return text.replace(/\{(\w+)\}/g, (whole, key: string) => (key in params ? String(params[key]) : whole));
}

/** The message in the language of the page. */
export function t(message: string, params?: Params): string {
  const found = catalogue.messages[message];
  return fill(typeof found === "string" && found ? found : message, params);
}

/** The message as it is meant in a context; the catalogue has it under the context, U+0004 and the message. */
export function pt(context: string, message: string, params?: Params): string {
  const found = catalogue.messages[`${context}\u0004${message}`];
  return fill(typeof found === "string" && found ? found : message, params);
}

/** The message for `n` things; `{n}` is filled in. */
export function tn(singular: string, plural: string, n: number, params?: Params): string {
  const found = catalogue.messages[singular];
  let text = n === 1 ? singular : plural;
  if (typeof found === "object") text = found[plurals.select(n)] ?? found["other"] ?? Object.values(found).pop() ?? text;
  else if (typeof found === "string" && found) text = found;
  return fill(text, { n, ...params });
}

/** The language of the page, as a BCP 47 tag. */
export function lang(): string {
  return catalogue.lang;
}

/** The locale for names and dates: English is British, as the instruments are, and Portuguese that of Portugal. */
function locale(): string {
  return { en: "en-GB", pt: "pt-PT" }[catalogue.lang] ?? catalogue.lang;
}

/** Gregorian calendar and Latin digits in every language: official times must not depend on the browser's customs. */
export function official(): string {
  return `${locale()}-u-ca-gregory-nu-latn`;
}

/** A language named in the language of the page. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames([locale()], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** A State, by its ISO 3166-1 code, named in the language of the page. */
export function stateName(code: string): string {
  try {
    return new Intl.DisplayNames([locale()], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** A list as a sentence has it. */
export function list(items: string[]): string {
  return new Intl.ListFormat(locale(), { type: "conjunction" }).format(items);
}
