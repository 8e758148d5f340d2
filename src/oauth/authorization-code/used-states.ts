import { Fingerprints } from './fingerprints.js';

interface Generation {
  states: Fingerprints;
  /** When all of its states have expired, in milliseconds since 1970. */
  expires: number;
}

const emptyGeneration = (): Generation => ({ states: new Fingerprints(), expires: 0 });

/**
 * The states of sign-ins that were used, until they expire. Two generations, of which the older one is dropped as a whole: a call
 * takes the same time however many states there are. Deleting expired states one by one does not, because a `Map` skips the places
 * of deleted entries again at each iteration.
 */
export class UsedStates {
  #older = emptyGeneration();
  #newer = emptyGeneration();

  has(state: string): boolean {
    return this.#newer.states.has(state) || this.#older.states.has(state);
  }

  add(state: string, expires: number, now: number): void {
    if (this.#older.expires <= now) {
      this.#older = this.#newer;
      this.#newer = emptyGeneration();
    }
    this.#newer.states.add(state);
    this.#newer.expires = Math.max(this.#newer.expires, expires);
  }
}
