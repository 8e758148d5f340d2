import prettyBytes from 'pretty-bytes';
import type { Progress } from '../../index.js';
import { formatDuration } from './duration.js';
import { setLiveLines } from './output.js';
import { printable } from './printable.js';
import { shorten } from './shorten.js';
import { speedometer } from './speedometer.js';

/** A file that is being transferred. */
export interface Transfer {
  update(progress: Progress): void;
  end(): void;
}

/** The progress of all files of a command. */
export interface Transfers {
  /** Sets how much there is to do, as far as it is known. */
  expect(expected: Expected): void;
  start(name: string, size?: number): Transfer;
  /** A file did not have to be transferred, or has failed: its remaining bytes are not expected any more. */
  skip(bytes: number): void;
  /** Bytes transferred so far, and seconds since the start. */
  totals(): { bytes: number; seconds: number };
}

interface Expected {
  files?: number;
  bytes?: number;
}

interface Row {
  name: string;
  loaded: number;
  total: number | undefined;
}

const interval = 200;

/**
 * Shows the progress of files on stderr while `work` runs: one line for each running file and, if there are several files,
 * one for all of them. Nothing is shown without a terminal that can erase lines.
 */
export async function withTransfers<T>(quiet: boolean, work: (transfers: Transfers) => Promise<T>): Promise<T> {
  const rows = new Set<Row>();
  const expected: Expected = {};
  const started = performance.now();
  const speed = speedometer();
  let loaded = 0;
  let files = 0;
  let drawn = 0;
  const isShown = !quiet && process.stderr.isTTY && process.env.TERM !== 'dumb';

  function erase(): void {
    if (drawn > 0) process.stderr.write(`\r\x1b[2K${'\x1b[1A\x1b[2K'.repeat(drawn - 1)}`);
    drawn = 0;
  }

  function draw(): void {
    const columns = Math.max(10, (process.stderr.columns || 80) - 1); // a full line would wrap
    speed.add(loaded);
    const lines = [...rows].slice(0, Math.max(1, (process.stderr.rows || 24) - 2));
    const isOne = expected.files === 1;
    const texts = lines.map((row) => rowText(row, columns, isOne ? pace(expected.bytes ?? row.total) : []));
    if (!isOne) texts.unshift(totalText(columns));
    erase();
    process.stderr.write(texts.join('\n'));
    drawn = texts.length;
  }

  /** The speed, and the time that is left. */
  function pace(total: number | undefined): string[] {
    const perSecond = speed.perSecond();
    if (perSecond === undefined) return [];
    const left = total === undefined || perSecond < 1 ? [] : [`${formatDuration((total - loaded) / perSecond)} left`];
    return [`${prettyBytes(perSecond)}/s`, ...left];
  }

  function totalText(columns: number): string {
    const count = expected.files === undefined ? `${files} files` : `${files} of ${expected.files} files`;
    return fitting([count, amount(loaded, expected.bytes, columns), ...pace(expected.bytes)], columns);
  }

  const transfers: Transfers = {
    expect(more) {
      Object.assign(expected, more);
    },
    start(name, size) {
      const row: Row = { name: printable(name), loaded: 0, total: size };
      rows.add(row);
      if (isShown) draw();
      return {
        update(progress) {
          loaded += progress.loaded - row.loaded;
          row.loaded = progress.loaded;
          row.total = progress.total ?? row.total;
        },
        end() {
          if (!rows.has(row)) return;
          files++;
          if (isShown) draw();
          rows.delete(row);
          if (row.total !== undefined && row.loaded < row.total) transfers.skip(row.total - row.loaded);
        },
      };
    },
    skip(bytes) {
      if (expected.bytes !== undefined) expected.bytes = Math.max(loaded, expected.bytes - bytes);
    },
    totals: () => ({ bytes: loaded, seconds: (performance.now() - started) / 1000 }),
  };

  if (!isShown) return work(transfers);
  const timer = setInterval(() => rows.size > 0 && draw(), interval);
  setLiveLines({ erase });
  try {
    return await work(transfers);
  } finally {
    clearInterval(timer);
    erase();
    setLiveLines(undefined);
  }
}

function rowText({ name, loaded, total }: Row, columns: number, more: readonly string[]): string {
  const cells = columns >= 99 ? 24 : columns >= 59 ? 12 : 6;
  const full = total === undefined ? 0 : total === 0 ? cells : Math.floor((Math.min(loaded, total) / total) * cells);
  const bar = '━'.repeat(full) + '─'.repeat(cells - full);
  const text = fitting([bar, amount(loaded, total, columns), ...more], columns);
  const room = columns - text.length - 2;
  return room < 4 ? text : `${text}  ${shorten(name, room)}`;
}

/** The texts that fit into the columns. All of them are ASCII or bars, so that each character is one column. */
function fitting(texts: readonly string[], columns: number): string {
  let line = '';
  for (const text of texts) {
    const next = line === '' ? text : `${line}  ${text}`;
    if (next.length > columns) break;
    line = next;
  }
  return line;
}

/** How much is done: a percentage on a narrow terminal. */
function amount(loaded: number, total: number | undefined, columns: number): string {
  if (total === undefined) return prettyBytes(loaded);
  if (columns < 59) return `${total === 0 ? 100 : Math.floor((Math.min(loaded, total) / total) * 100)}%`;
  return `${prettyBytes(loaded)} of ${prettyBytes(total)}`;
}
