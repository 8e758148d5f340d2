/**
 * Output that nobody takes ends no work: what `upload` was told to do it does, though `head` has seen enough. Output that
 * cannot be written, to a disk that is full for instance, is told in one line, and makes the exit code 1.
 */
export function watchOutput(): void {
  process.stderr.on('error', () => {}); // nobody is left to tell
  process.stdout.once('error', ({ code }: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => {}); // once is enough
    if (code === 'EPIPE') return;
    process.exitCode = 1;
    console.error(`doctape-sdk: the output cannot be written (${code})`);
  });
}
