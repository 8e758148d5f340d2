/**
 * A set of random texts that keeps 64 bits of each in one array. A `Set` of strings takes five times the memory, and V8 visits each of
 * its strings at every garbage collection. That one of a million random texts is mistaken for another one has a probability of 5e-14.
 */
export class Fingerprints {
  /** A hash table. Each entry is two numbers, and an entry of zeros is free. */
  #entries = new Uint32Array(2 * 64);
  #size = 0;

  has(text: string): boolean {
    const [high, low] = fingerprint(text);
    return this.#entries[this.#find(high, low)] !== 0;
  }

  add(text: string): void {
    const [high, low] = fingerprint(text);
    if (this.#put(high, low)) this.#size++;
    if (this.#size * 3 > this.#entries.length) this.#grow(); // two thirds are used
  }

  /** The index of the entry, or of the free one in its place. */
  #find(high: number, low: number): number {
    const entries = this.#entries;
    let at = (low * 2) % entries.length;
    while (entries[at] !== 0 && (entries[at] !== high || entries[at + 1] !== low)) at = (at + 2) % entries.length;
    return at;
  }

  /** Returns whether the entry is new. */
  #put(high: number, low: number): boolean {
    const at = this.#find(high, low);
    if (this.#entries[at] !== 0) return false;
    this.#entries[at] = high;
    this.#entries[at + 1] = low;
    return true;
  }

  #grow(): void {
    const old = this.#entries;
    this.#entries = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 2) {
      const [high = 0, low = 0] = [old[at], old[at + 1]];
      if (high !== 0) this.#put(high, low);
    }
  }
}

/** 64 bits that depend on all characters. The first number is never 0. Not for texts that an attacker can choose. */
function fingerprint(text: string): [high: number, low: number] {
  let [high, low] = [0x9e3779b1, 0x85ebca77];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x5f356495);
    low = Math.imul(low ^ code ^ (high >>> 16), 0x2c1b3c6d);
  }
  high = Math.imul(high ^ (high >>> 15) ^ (low >>> 13), 0x297a2d39);
  low = Math.imul(low ^ (low >>> 16) ^ (high >>> 14), 0x7feb352d);
  return [(high ^ (high >>> 15)) >>> 0 || 1, (low ^ (low >>> 16)) >>> 0];
}
