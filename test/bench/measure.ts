import { type ChildProcess, fork } from 'node:child_process';
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
 * Runs the subjects in rounds, each time in another order: what a subject leaves behind, such as garbage, then affects all others
 * alike, and so does a slow moment of the machine. The first subject is the baseline. It runs a second time in each round, as a
 * control: without noise its ratio is 1.00.
 *
 * Prints medians, and the medians of the ratios and of the differences of each round, with their confidence intervals.
 */
export async function compare(subjects: Record<string, Subject>, settings: Settings): Promise<void> {
  const [baseline] = Object.entries(subjects);
  if (!baseline) throw new Error('there is nothing to compare');
  const [name, run] = baseline;
  await compareAll({ ...subjects, [controlOf(name)]: run }, settings);
}

const controlOf = (name: string) => `${name}, again (control)`;

/** The same with each subject in a process of its own, and so the control. */
export async function compareInProcesses(
  names: readonly string[],
  start: (name: string) => OwnProcess,
  settings: Settings,
): Promise<void> {
  const [baseline = ''] = names;
  const processes = [...names, baseline].map(start);
  try {
    const all = processes.map(({ measure }, index) => [names[index] ?? controlOf(baseline), measure] as const);
    await compareAll(Object.fromEntries(all), settings);
  } finally {
    for (const { stop } of processes) stop();
  }
}

/** The first subject is the baseline, and the last one the control. */
async function compareAll(subjects: Record<string, Subject>, settings: Settings): Promise<void> {
  const { rounds, warmUp = 1, digits = 0 } = settings;
  const rows = Object.entries(subjects).map(([name, run]) => ({ name, run, results: [] as Measured[] }));
  const load = process.platform === 'linux' ? measureOtherLoad() : undefined;
  for (let round = -warmUp; round < rounds; round++) {
    for (const { run, results } of shuffled(rows)) {
      const result = await run();
      if (round >= 0) results.push(result);
    }
  }
  const others = load?.();
  const plain = rows[0]?.results ?? [];
  /** A comparison of each round with the baseline of the same round. */
  const paired = (results: readonly Measured[], of: (result: Measured, baseline: Measured) => number) =>
    results.flatMap((result, round) => (plain[round] ? of(result, plain[round]) : []));
  const ratios = (results: readonly Measured[], kind: keyof Measured) =>
    paired(results, (result, baseline) => result[kind] / baseline[kind]);
  const table: Record<string, Record<string, string>> = {};
  for (const { name, results } of rows) {
    const isBaseline = results === plain;
    table[name] = {
      'time, ms': median(results.map(({ wall }) => wall)).toFixed(digits),
      'time, ratio': isBaseline ? '1.00' : withInterval(ratios(results, 'wall'), 2),
      'CPU, ms': median(results.map(({ cpu }) => cpu)).toFixed(digits),
      'CPU, ratio': isBaseline ? '1.00' : withInterval(ratios(results, 'cpu'), 2),
      'CPU, more ms': isBaseline
        ? ''
        : withInterval(
            paired(results, ({ cpu }, baseline) => cpu - baseline.cpu),
            digits,
          ),
    };
  }
  console.table(table);
  const control = rows.at(-1)?.results ?? [];
  const drifted = (['wall', 'cpu'] as const).some((kind) => Math.abs(median(ratios(control, kind)) - 1) > drift);
  console.log(`medians of ${rounds} rounds, with 95 % confidence intervals; ${noise(others, drifted)}`);
}

export function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}

/** The median with its 95 % confidence interval, which the binomial distribution gives: it assumes nothing about the values. */
function withInterval(values: readonly number[], digits: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const half = 0.98 * Math.sqrt(sorted.length);
  const low = sorted[Math.max(0, Math.floor(sorted.length / 2 - half))] ?? Number.NaN;
  const high = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length / 2 + half))] ?? Number.NaN;
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/** A remark about the noise of a run. */
function noise(others: OtherLoad | undefined, drifted: boolean): string {
  const used = others
    ? `other programs used ${(100 * others.share).toFixed(0)} % of a CPU`
    : 'what other programs used is not known on this system';
  if (!others?.isNoisy && !drifted) return used;
  return `NOISY: ${used}${drifted ? ', and the control differs from the baseline' : ''}. Repeat it on a quiet machine`;
}

/** The next message of a child process. Rejects if the process ends before. */
export function messageOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('the process ended'));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T); // of the script that was started
    });
  });
}

/** A subject in a process of its own, so that it shares no heap and no compiled code with the others. */
export interface OwnProcess {
  measure: Subject;
  stop(): void;
}

/**
 * Starts a process for a subject.
 * @param script calls {@link measureWhenAsked}
 */
export function ownProcess(script: string, ...args: string[]): OwnProcess {
  const child = fork(script, args, { execArgv: ['--expose-gc'] });
  return {
    async measure() {
      child.send('measure');
      return messageOf<Measured>(child); // of measureWhenAsked
    },
    stop: () => child.disconnect(),
  };
}

/** In the process of a subject: measures it when the other process asks. */
export function measureWhenAsked(subject: Subject): void {
  process.on('message', async () => process.send?.(await subject()));
  process.on('disconnect', () => process.exit());
}
