import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ApiClient, Rendition } from '../../index.js';
import { CommandError, Stopped } from '../core/errors.js';
import { printable } from '../terminal/printable.js';

/**
 * Writes the content of a file to stdout: as it is to a file or a pipe, and as safe text to a terminal.
 * @throws {Stopped} if the reader has closed the pipe, as `head` does
 * @throws {CommandError} if stdout is a terminal, and the file is not text
 */
export async function writeToStdout(
  api: ApiClient,
  id: string,
  rendition: Rendition,
  signal: AbortSignal,
): Promise<void> {
  const { body } = await api.files.download(id, rendition, { signal });
  if (!body) return;
  const content = Readable.from(body, { objectMode: false });
  const filters = process.stdout.isTTY ? [safeText()] : [];
  try {
    await pipeline([content, ...filters, process.stdout], { end: false, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') throw new Stopped(0);
    if (process.stdout.errored) throw new Stopped(1); // it has been reported
    throw error;
  }
}

/** Replaces what a terminal would interpret: another user may have written the file. */
function safeText(): Transform {
  const decoder = new TextDecoder();
  const clean = (text: string) => text.replace(/[^\n\t]+/g, printable);
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      if (chunk.includes(0)) {
        done(new CommandError('this is not text: write it to a file with `doctape-sdk download`', 'not_text'));
      } else done(null, clean(decoder.decode(chunk, { stream: true })));
    },
    flush(done) {
      done(null, clean(decoder.decode()));
    },
  });
}
