// What can be found in a recording: entries of the log, captions, lines of a transcript. Pure.

export type Source = "log" | "caption" | "transcript";

/** Something said or done, with its place. */
export interface Findable {
  source: Source;
  /** Its number among its own kind. */
  n: number;
  /** Milliseconds on the recording's timeline. */
  t: number;
  /** Who spoke or acted, "" where nobody is named. */
  who: string;
  text: string;
  /** BCP 47; "" is the language of the page. */
  lang: string;
}

/** Marks of the scripts in which people leave them out when they search. In others (Thai, Devanagari, kana) a mark is a
 * vowel, a tone or another letter. */
const MARKS = /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}])\p{M}+/gu;

/** As it is searched: whatever its case, and the marks on its letters where those may be left out. */
export const plain = (text: string): string => text.normalize("NFKD").replace(MARKS, "$1").toLocaleLowerCase();

/** Made ready for being searched often. */
export class Index {
  private readonly rows: { item: Findable; plain: string }[];

  constructor(items: readonly Findable[]) {
    this.rows = [...items].sort((a, b) => a.t - b.t || a.n - b.n).map((item) => ({ item, plain: plain(`${item.who} ${item.text}`) }));
  }

  get size(): number {
    return this.rows.length;
  }

  /** What has all words of a search, in any order, in order of time; nothing without a word. */
  find(search: string, sources: ReadonlySet<Source>): Findable[] {
    const words = plain(search).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    return this.rows.filter((row) => sources.has(row.item.source) && words.every((word) => row.plain.includes(word))).map(({ item }) => item);
  }
}
