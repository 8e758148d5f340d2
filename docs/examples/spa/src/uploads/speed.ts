export interface Speed {
  /** @param loaded the bytes that have been sent so far */
  add(loaded: number, now?: number): void;
  /** In bytes per second. Undefined until there is enough to tell. */
  now(): number | undefined;
  reset(): void;
}

const span = 8000;

/** The speed over the last seconds: an average over all would not show that the line has become slow. */
export function createSpeed(): Speed {
  let samples: { time: number; loaded: number }[] = [];
  return {
    add(loaded, time = performance.now()) {
      samples.push({ time, loaded });
      while (samples.length > 2 && time - (samples[0]?.time ?? 0) > span) samples.shift();
    },
    now() {
      const [first, last] = [samples[0], samples.at(-1)];
      if (!first || !last || last.time - first.time < 1000) return undefined;
      const speed = ((last.loaded - first.loaded) * 1000) / (last.time - first.time);
      return speed > 0 ? speed : undefined;
    },
    reset() {
      samples = [];
    },
  };
}
