import { printableJson } from './printable.js';

/** Lines at the bottom of the terminal that are redrawn, such as progress. */
export interface LiveLines {
  erase(): void;
}

let live: LiveLines | undefined;

/** Everything that is printed erases these lines first. They are drawn again below it. */
export function setLiveLines(lines: LiveLines | undefined): void {
  live = lines;
}

/** Prints a result on stdout. */
export function print(text: string): void {
  live?.erase();
  console.log(text);
}

/** Prints a message for people on stderr. */
export function note(text: string): void {
  live?.erase();
  console.error(text);
}

/** Prints one line of JSON, for programs. */
export function printJson(value: unknown): void {
  print(printableJson(value));
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
    note(`doctape-sdk: the output cannot be written (${code})`);
  });
}
