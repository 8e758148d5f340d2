import { printableJson } from './printable.js';

/** Prints one line of JSON, for programs. */
export function printJson(value: unknown): void {
  console.log(printableJson(value));
}

/**
 * Lets a command finish its work when its output is closed, as `head` does. Other write errors, such as a full disk, are
 * reported in one line and make the exit code 1.
 */
export function handleOutputErrors(): void {
  process.stderr.on('error', () => {}); // there is nowhere to report it
  process.stdout.once('error', ({ code }: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => {}); // report only the first
    if (code === 'EPIPE') return;
    process.exitCode = 1;
    console.error(`doctape-sdk: the output cannot be written (${code})`);
  });
}
