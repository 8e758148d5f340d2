import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

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
  /** The ids of other processes that do a part of the work, such as a server: they do not make the machine count as busy. */
  helpers?: readonly number[];
  /** The digits after the decimal point of the milliseconds. @default 0 */
  digits?: number;
}

/** More than this share of the processors used by others makes a run noisy. */
const busy = 0.1;

/** A control that differs from the baseline by more than this makes a run noisy. */
const drift = 0.05;

/**
 * Runs the subjects in turns, so that a slow moment of the machine affects them all. The first one is the baseline. It runs a second
 * time in each round, as a control: without noise its ratio is 1.00.
 *
 * Prints the medians and the medians of the ratios of each round.
 */
export async function compare(subjects: Record<string, Subject>, settings: Settings): Promise<void> {
  const { rounds, warmUp = 1, helpers = [], digits = 0 } = settings;
  const [baseline] = Object.entries(subjects);
  if (!baseline) throw new Error('there is nothing to compare');
  const [name, run] = baseline;
  const rows = Object.entries({ ...subjects, [`${name}, again (control)`]: run }).map(([name, run]) => ({
    name,
    run,
    results: [] as Measured[],
  }));
  const othersOf = watchMachine(helpers);
  for (let round = -warmUp; round < rounds; round++) {
    for (const { run, results } of rows) {
      const result = await run();
      if (round >= 0) results.push(result);
    }
  }
  const others = othersOf();
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

/**
 * Watches how much of the processors others use.
 * @returns a function that ends this and returns their share, from 0 to 1
 */
export function watchMachine(helpers: readonly number[] = []): () => number {
  const own = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000 + helpers.map(cpuOf).reduce((sum, time) => sum + time, 0);
  };
  const machine = () =>
    cpus().reduce(
      (sum, { times: { user, nice, sys, irq, idle } }) => ({
        used: sum.used + user + nice + sys + irq,
        all: sum.all + user + nice + sys + irq + idle,
      }),
      { used: 0, all: 0 },
    );
  const [ownBefore, before] = [own(), machine()];
  return () => {
    const after = machine();
    const others = after.used - before.used - (own() - ownBefore);
    return Math.max(0, others / Math.max(1, after.all - before.all));
  };
}

/** A remark about the noise of a run. */
export function noise(others: number, drifted = false): string {
  const used = `other processes used ${(100 * others).toFixed(0)} % of the processors`;
  if (others <= busy && !drifted) return used;
  return `NOISY: ${used}${drifted ? ', and the control differs from the baseline' : ''}. Repeat it on a quiet machine`;
}

/** The CPU time of another process in milliseconds. 0 on systems without `/proc`. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12])); // utime and stime, in ticks of 10 ms
  } catch {
    return 0;
  }
}
