import prettyBytes from 'pretty-bytes';
import stringWidth from 'string-width';
import type { Progress } from '../../index.js';
import { printable } from './printable.js';

interface ProgressBar {
  update(progress: Progress): void;
  /** Erases the bar. */
  clear(): void;
}

const cells = 24;

/**
 * Shows a progress bar while `work` runs. The bar is written to stderr, and only if stderr is a terminal. (The bar of
 * @clack/prompts is not used, because it handles Ctrl+C itself and ends the process with exit code 0.)
 */
export async function withProgressBar<T>(name: string, work: (bar: ProgressBar) => Promise<T>): Promise<T> {
  const bar = progressBar(name);
  try {
    return await work(bar);
  } finally {
    bar.clear();
  }
}

function progressBar(name: string): ProgressBar {
  // with TERM=dumb a line cannot be erased
  if (!process.stderr.isTTY || process.env.TERM === 'dumb') return { update() {}, clear() {} };
  const shown = printable(name);
  return {
    update({ loaded, total, fraction = 0 }) {
      const full = Math.floor(fraction * cells);
      const bar = '━'.repeat(full) + '─'.repeat(cells - full);
      const amount = total === undefined ? prettyBytes(loaded) : `${prettyBytes(loaded)} of ${prettyBytes(total)}`;
      process.stderr.write(`\r\x1b[2K${truncate(`${bar}  ${amount}  ${shown}`, (process.stderr.columns || 80) - 1)}`);
    },
    clear() {
      process.stderr.write('\r\x1b[2K');
    },
  };
}

/** Shortens the text to one line. A longer text would wrap, and its first lines could not be erased. */
function truncate(text: string, columns: number): string {
  let result = '';
  for (const letter of text) {
    if (stringWidth(result + letter) > columns) break;
    result += letter;
  }
  return result;
}
