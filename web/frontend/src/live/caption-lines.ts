// The lines of captions that a page keeps, and which of them it shows.
import type { CaptionLine } from "../messages";

const KEPT = 60;

/** The lines with new ones added; a correction takes the place of the line it corrects. */
export function merge(before: CaptionLine[], lines: CaptionLine[]): CaptionLine[] {
  const all = [...before];
  for (const line of lines) {
    if (all.some(({ number }) => number === line.number)) continue;
    const place = line.corrects ? all.findIndex(({ number }) => number === line.corrects) : -1;
    if (place >= 0) all[place] = line;
    else all.push(line);
  }
  return all.slice(-KEPT);
}

/** Language and source: captions of one feed belong together. */
export const feedOf = ({ lang, source }: Pick<CaptionLine, "lang" | "source">): string => `${lang} ${source}`;

const primary = (tag: string): string => tag.split("-")[0]?.toLowerCase() ?? "";

/** Which feed is shown: the one chosen; else one in the first of these languages, a person's before a machine's. */
export function choose(chosen: string, lines: CaptionLine[], languages: string[]): string {
  if (chosen === "off") return "";
  const feeds = new Map(lines.map((line) => [feedOf(line), line]));
  if (feeds.has(chosen)) return chosen;
  const machine = (line: CaptionLine): number => Number(line.source === "machine");
  const ordered = [...feeds.values()].sort((one, other) => machine(one) - machine(other));
  const fits = (tag: string): CaptionLine | undefined => ordered.find((line) => primary(line.lang) === primary(tag));
  const own = languages.filter(Boolean).map(fits).find((line) => line !== undefined) ?? ordered[0];
  return own ? feedOf(own) : "";
}
