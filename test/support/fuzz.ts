import { spawnSync } from 'node:child_process';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import fc, { type Arbitrary } from 'fast-check';
import { expect, onTestFinished, vi } from 'vitest';
import { DoctapeError } from '../../src/index.js';
import { leaks } from './leaks.js';

/** FUZZ_RUNS=50 runs every property fifty times as often. */
const factor = Number(process.env.FUZZ_RUNS ?? 1);

/**
 * Every run has a random seed, because a fixed one would always test the same inputs. In CI it comes from the commit's files, so that a
 * commit passes or fails each time, and the next one is tested with other inputs. A failure prints its seed and its path. FUZZ_SEED and
 * FUZZ_PATH reproduce it.
 */
const seedOfCommit = process.env.CI ? readSeedOfCommit() : undefined;

const reproduced = {
  ...(process.env.FUZZ_SEED && { seed: Number(process.env.FUZZ_SEED) }),
  ...(process.env.FUZZ_PATH && { path: process.env.FUZZ_PATH }),
};

/** The time limit of one input: less than that of a test, so that an input that hangs is reported. */
const inputTimeout = 10_000;

/** The time limit of a test. */
export const fuzzTimeout: number = 300_000 * Math.max(1, factor);

/** Returns undefined if this is no checkout, or there is no git. */
function readSeedOfCommit(): number | undefined {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD^{tree}'], { encoding: 'utf8' });
  return status === 0 ? Number.parseInt(stdout.slice(0, 7), 16) : undefined;
}

/** Tests a property with many inputs, and prints the smallest one for which it fails. */
export async function testProperty<T extends [unknown, ...unknown[]]>(
  runs: number,
  arbitraries: { [K in keyof T]: Arbitrary<T[K]> },
  property: (...values: T) => Promise<unknown> | unknown,
): Promise<void> {
  const settings = { seed: seedOfCommit ?? Math.trunc(Math.random() * 2 ** 31), ...reproduced };
  const name = `${expect.getState().currentTestName}\nFUZZ_SEED=${settings.seed}`;
  const checkedProperty = fc.asyncProperty(...arbitraries, async (...values: T) => {
    watched(`${name}\n${inspect(values, shortened)}`);
    await property(...values);
  });
  try {
    await fc.assert(checkedProperty, {
      numRuns: Math.max(1, Math.round(runs * factor)),
      timeout: inputTimeout,
      ...settings,
    });
  } finally {
    watched('');
  }
}

/** Longer inputs are reproduced by their seed. */
const shortened = { depth: 8, maxArrayLength: 1_000, maxStringLength: 2_000, breakLength: Number.POSITIVE_INFINITY };

/** Shared with a watchdog thread: the number of runs, the length of the text of the last one, and the text. */
const sharedState = new SharedArrayBuffer(64 * 1024);
const [counts, lastText] = [new Int32Array(sharedState, 0, 2), Buffer.from(sharedState, 8)];
let watching = false;

/** An endless loop blocks this thread, so a watchdog thread reports its input and ends the process. */
function watched(text: string): void {
  if (!watching) watch();
  watching = true;
  Atomics.store(counts, 1, lastText.write(text));
  Atomics.add(counts, 0, 1);
}

function watch(): void {
  const program = `const { sharedState, seconds } = require('node:worker_threads').workerData;
    const [counts, lastText] = [new Int32Array(sharedState, 0, 2), Buffer.from(sharedState, 8)];
    for (let seen, still = 0; ; Atomics.wait(counts, 0, seen, 1_000)) {
      const [count, length] = [Atomics.load(counts, 0), Atomics.load(counts, 1)];
      still = count === seen && length > 0 ? still + 1 : 0;
      seen = count;
      if (still < seconds) continue;
      require('node:fs').writeSync(2, '\\nThis did not end: ' + lastText.toString('utf8', 0, length) + '\\n');
      process.kill(process.pid, 'SIGKILL');
    }`;
  // later than fast-check, which reports a promise that does not settle
  const workerData = { sharedState, seconds: inputTimeout / 1_000 + 5 };
  new Worker(program, { eval: true, execArgv: [], workerData }).unref();
}

export type Outcome<T> = { value: T } | { error: unknown };

/** The outcome of a call. An error must be a DoctapeError, and reveal no secret. */
export async function outcomeOf<T>(call: () => Promise<T> | T, secrets: readonly string[] = []): Promise<Outcome<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    if (!(error instanceof DoctapeError))
      throw new Error('it threw an error that is not a DoctapeError', { cause: error });
    expect(leaks(error, secrets)).toEqual([]);
    return { error };
  }
}

/** Collects everything that the test prints. */
export function captureConsole(): string[] {
  const output: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => output.push(String(chunk)) > 0);
    onTestFinished(() => spy.mockRestore());
  }
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    const spy = vi
      .spyOn(console, method)
      .mockImplementation((...values) => void output.push(values.map(String).join(' ')));
    onTestFinished(() => spy.mockRestore());
  }
  return output;
}

/** Text of any kind: words, any characters, lone surrogates, and strings with a special meaning. */
export const anyText: Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', ' ', '..', '.', '/', '\\', '%', '%00', '%zz', '%C3%28', '"', "'", '<script>', '\r\n', '\0'),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', '\u202e', '\ud800', 'ﬁ', '💾'),
);

/** A text without the characters that are not allowed in a header. */
export function inHeader(text: Arbitrary<string>): Arbitrary<string> {
  return text.map((value) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ''));
}

export const headerText: Arbitrary<string> = inHeader(
  fc.oneof(
    anyText,
    fc.array(fc.nat(0xff), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
  ),
);

/** Usually the first kind of value, sometimes the second. */
export function usually<T, U>(usual: Arbitrary<T>, odd: Arbitrary<U>): Arbitrary<T | U> {
  return fc.oneof<[{ arbitrary: Arbitrary<T>; weight: number }, { arbitrary: Arbitrary<U>; weight: number }]>(
    { arbitrary: usual, weight: 5 },
    { arbitrary: odd, weight: 1 },
  );
}

/** A valid text, changed in a few places. */
export function mutated(text: string): Arbitrary<string> {
  const change = fc.record({ at: fc.nat(text.length), cut: fc.nat(4), put: fc.oneof(fc.constant(''), anyText) });
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) =>
      changes.reduce((result, { at, cut, put }) => result.slice(0, at) + put + result.slice(at + cut), text),
    );
}

/** A valid file, damaged in a few places: bytes changed, removed, repeated or inserted, or the file truncated. */
export function damaged(file: Uint8Array): Arbitrary<Uint8Array<ArrayBuffer>> {
  const change = fc.record({
    kind: fc.constantFrom('flip', 'flip', 'set', 'cut', 'double', 'insert', 'end'),
    // the important parts of most formats are at either end
    at: fc.oneof(
      fc.nat(Math.min(200, file.length)),
      fc.nat(file.length),
      fc.nat(100).map((back) => file.length - back),
    ),
    value: fc.nat(0xff),
    length: fc.oneof(fc.nat(8), fc.nat(300)),
  });
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) =>
    changes.reduce<Uint8Array<ArrayBuffer>>((bytes, { kind, at, value, length }) => {
      const start = Math.max(0, Math.min(at, bytes.length - 1));
      const [before, after] = [bytes.subarray(0, start), bytes.subarray(start)];
      if (kind === 'cut') return joined(before, after.subarray(length));
      if (kind === 'double') return joined(before, after.subarray(0, length), after);
      if (kind === 'insert') return joined(before, new Uint8Array(length).fill(value), after);
      if (kind === 'end') return joined(before);
      const changed = joined(bytes);
      if (changed.length > 0) changed[start] = kind === 'set' ? value : (changed[start] ?? 0) ^ (1 << (value & 7));
      return changed;
    }, joined(file)),
  );
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** A body in chunks of these lengths, which are repeated. It can break at its end. */
export function inPieces(
  bytes: Uint8Array,
  lengths: readonly number[],
  end: 'closes' | 'breaks' = 'closes',
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  let count = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (at < bytes.byteLength) {
          const length = Math.max(1, lengths[count++ % Math.max(1, lengths.length)] ?? bytes.byteLength);
          controller.enqueue(joined(bytes.subarray(at, at + length)));
          at += length;
        } else if (end === 'closes') controller.close();
        else controller.error(new TypeError('terminated'));
      },
    },
    { highWaterMark: 0 },
  );
}

/** Lengths of the chunks of a body. */
export const pieceLengths: Arbitrary<number[]> = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.nat(5_000)), {
  maxLength: 5,
});
