import prettyBytes from 'pretty-bytes';
import stringWidth from 'string-width';
import type { Progress } from '../../index.js';
import { printable } from './printable.js';

interface TransferBar {
  update(progress: Progress): void;
  /** Takes the bar away. */
  clear(): void;
}

const cells = 24;

/**
 * Shows how far a transfer is: a bar on the last line of a terminal, nothing elsewhere. It is written to stderr, so that
 * stdout can go elsewhere. (The one of @clack takes Ctrl+C for itself, and ends the process with exit code 0.)
 */
export async function withBar<T>(name: string, work: (bar: TransferBar) => Promise<T>): Promise<T> {
  const bar = transferBar(name);
  try {
    return await work(bar);
  } finally {
    bar.clear();
  }
}

function transferBar(name: string): TransferBar {
  // TERM=dumb cannot take a line back
  if (!process.stderr.isTTY || process.env.TERM === 'dumb') return { update() {}, clear() {} };
  const shown = printable(name);
  return {
    update({ loaded, total, fraction = 0 }) {
      const full = Math.floor(fraction * cells);
      const bar = '━'.repeat(full) + '─'.repeat(cells - full);
      const amount = total === undefined ? prettyBytes(loaded) : `${prettyBytes(loaded)} of ${prettyBytes(total)}`;
      process.stderr.write(`\r\x1b[2K${fitted(`${bar}  ${amount}  ${shown}`, (process.stderr.columns || 80) - 1)}`);
    },
    clear() {
      process.stderr.write('\r\x1b[2K');
    },
  };
}

/** One that went over the edge would stay on the screen. */
function fitted(text: string, columns: number): string {
  let fits = '';
  for (const letter of text) {
    if (stringWidth(fits + letter) > columns) break;
    fits += letter;
  }
  return fits;
}
