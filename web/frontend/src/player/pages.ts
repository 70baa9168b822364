/** All rows of a list of the service, page by page after the number `after`; those that have come if one page does not. */
export async function pages<Row>(address: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const answer: Response | null = await fetch(`${address}?after=${after}`, { headers: { accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return rows;
    const page = (await answer.json()) as { lines: Row[]; next: number | null };
    rows.push(...page.lines);
    after = page.next;
  }
  return rows;
}
