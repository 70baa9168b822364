// The sealed parts that were fetched for playing, by path: what a seek needs again is there, and what is under way is
// waited for. Sealed bytes only: what is decrypted goes to the page and is not held here.

/** Bytes of the parts that are kept; 50 s of ten people are less. */
export const CACHE_BYTES = 48 * 1024 * 1024;

type Sealed = Uint8Array<ArrayBuffer>;

export class PartCache {
  private readonly kept = new Map<string, Sealed>();
  private readonly coming = new Map<string, Promise<Sealed>>();
  private size = 0;

  constructor(
    private readonly fetchPart: (path: string) => Promise<Sealed>,
    private readonly bound = CACHE_BYTES,
  ) {}

  /** Bytes that are kept now. */
  get bytes(): number {
    return this.size;
  }

  /** The part, kept afterwards; what was used longest ago goes first when there are too many bytes. */
  async take(path: string): Promise<Sealed> {
    const part = this.kept.get(path) ?? (await this.once(path));
    this.keep(path, part);
    return part;
  }

  /** The part, which is not kept: for what is looked at once. */
  once(path: string): Promise<Sealed> {
    const part = this.kept.get(path);
    if (part) return Promise.resolve(part);
    let coming = this.coming.get(path);
    if (!coming) {
      coming = this.fetchPart(path).finally(() => this.coming.delete(path));
      this.coming.set(path, coming);
    }
    return coming;
  }

  private keep(path: string, part: Sealed): void {
    if (this.kept.delete(path)) this.size -= part.length;
    if (part.length > this.bound) return;
    this.kept.set(path, part);
    this.size += part.length;
    for (const [oldest, { length }] of this.kept) {
      if (this.size <= this.bound) return;
      this.kept.delete(oldest);
      this.size -= length;
    }
  }
}
