/** The time that the speed is an average of, in milliseconds. */
const period = 5_000;

/** Measures the speed of a transfer. */
export function speedometer(): { add(loaded: number): void; perSecond(): number | undefined } {
  const samples = [{ time: performance.now(), loaded: 0 }];
  return {
    add(loaded) {
      const time = performance.now();
      samples.push({ time, loaded });
      while (samples.length > 2 && time - (samples[0]?.time ?? 0) > period) samples.shift();
    },
    perSecond() {
      const [first, last] = [samples[0], samples.at(-1)];
      if (!first || !last || last.time - first.time < 100) return undefined;
      return Math.max(0, ((last.loaded - first.loaded) / (last.time - first.time)) * 1000);
    },
  };
}
