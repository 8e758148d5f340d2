import prettyBytes from 'pretty-bytes';
import { formatDuration } from '../terminal/duration.js';
import { note } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { shorten } from '../terminal/shorten.js';
import type { Transfers } from '../terminal/transfers.js';
import type { Batch } from './for-each-item.js';

const mostNames = 10;

/**
 * Prints how many files were transferred, and which were not: their errors may have scrolled away (aws/aws-cli#7066).
 * @param done such as `Uploaded`
 */
export function summarise(done: string, count: number, { succeeded, failed }: Batch, transfers: Transfers): void {
  if (count < 2) return;
  const { bytes, seconds } = transfers.totals();
  const speed = seconds >= 1 ? ` (${prettyBytes(bytes / seconds)}/s)` : '';
  const duration = seconds < 10 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);
  note(`${done} ${succeeded} of ${count} files, ${prettyBytes(bytes)} in ${duration}${speed}`);
  if (failed.length === 0) return;
  const names = failed.slice(0, mostNames).map((name) => shorten(printable(name), 60));
  const more = failed.length > mostNames ? `, and ${failed.length - mostNames} more` : '';
  note(`${failed.length} failed: ${names.join(', ')}${more}`);
}
