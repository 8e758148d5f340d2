import { measureOtherLoad, type OtherLoad } from './other-load.ts';

// What the benchmarks share: they measure in turns, repeat their baseline as a control, and say when the machine was busy.

export interface Measured {
  /** Elapsed milliseconds. */
  wall: number;
  /** Milliseconds of CPU time of the measured process, on all threads. */
  cpu: number;
}

/** Measures work in this process. Divide by `times` if the work repeats something. */
export async function timed(work: () => Promise<unknown>, times = 1): Promise<Measured> {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - start) / times, cpu: (user + system) / 1_000 / times };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Measures something once: usually with {@link timed}, or in a process of its own. */
export type Subject = () => Promise<Measured>;

export interface Settings {
  rounds: number;
  /** Rounds that do not count. @default 1 */
  warmUp?: number;
  /** The digits after the decimal point of the milliseconds. @default 0 */
  digits?: number;
}

/** A control that differs from the baseline by more than this makes a run noisy. */
const drift = 0.05;

/**
 * Runs the subjects in turns, so that a slow moment of the machine affects them all. The first one is the baseline. It runs a second
 * time in each round, as a control: without noise its ratio is 1.00.
 *
 * Prints the medians and the medians of the ratios of each round.
 */
export async function compare(subjects: Record<string, Subject>, settings: Settings): Promise<void> {
  const { rounds, warmUp = 1, digits = 0 } = settings;
  const [baseline] = Object.entries(subjects);
  if (!baseline) throw new Error('there is nothing to compare');
  const [name, run] = baseline;
  const rows = Object.entries({ ...subjects, [`${name}, again (control)`]: run }).map(([name, run]) => ({
    name,
    run,
    results: [] as Measured[],
  }));
  const load = process.platform === 'linux' ? measureOtherLoad() : undefined;
  for (let round = -warmUp; round < rounds; round++) {
    for (const { run, results } of rows) {
      const result = await run();
      if (round >= 0) results.push(result);
    }
  }
  const others = load?.();
  const plain = rows[0]?.results ?? [];
  const ratio = (results: readonly Measured[], kind: keyof Measured) =>
    median(results.map((result, round) => result[kind] / (plain[round]?.[kind] ?? Number.NaN)));
  const table: Record<string, Record<string, string>> = {};
  for (const { name, results } of rows) {
    table[name] = {
      'time, ms': median(results.map(({ wall }) => wall)).toFixed(digits),
      'time, ratio': ratio(results, 'wall').toFixed(2),
      'CPU, ms': median(results.map(({ cpu }) => cpu)).toFixed(digits),
      'CPU, ratio': ratio(results, 'cpu').toFixed(2),
    };
  }
  console.table(table);
  const control = rows.at(-1)?.results ?? [];
  const drifted = (['wall', 'cpu'] as const).some((kind) => Math.abs(ratio(control, kind) - 1) > drift);
  console.log(`medians of ${rounds} rounds; ${noise(others, drifted)}`);
}

/** A remark about the noise of a run. */
function noise(others: OtherLoad | undefined, drifted: boolean): string {
  const used = others
    ? `other programs used ${(100 * others.share).toFixed(0)} % of a CPU`
    : 'what other programs used is not known on this system';
  if (!others?.isNoisy && !drifted) return used;
  return `NOISY: ${used}${drifted ? ', and the control differs from the baseline' : ''}. Repeat it on a quiet machine`;
}
