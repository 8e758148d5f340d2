type FileSystem = typeof import('node:fs');

let failing: 'log' | 'blobs' = 'log';
let failures = 0;
let syncs = 0;

/**
 * Makes one sync fail: the `first` one from now on of the database's log, or of a blob. As with a real disk, the next sync of the same file
 * can succeed, although the data was lost.
 */
export function failSync({ of = 'log', first = 1 }: { of?: 'log' | 'blobs'; first?: number } = {}): void {
  failing = of;
  syncs = 1 - first;
  failures = 1;
}

/** Whether a sync has failed since the last `failSync`. */
export function hasFailed(): boolean {
  return syncs > 0;
}

/**
 * The module `node:fs` with an `fdatasync` that can fail. Use it in each test file:
 *
 * vi.mock('node:fs', async (original) => withFailingSyncs(await original()));
 */
export function withFailingSyncs(fs: FileSystem): FileSystem {
  const logs = new Set<number>();
  const openSync: FileSystem['openSync'] = (path, ...rest) => {
    const file = fs.openSync(path, ...rest);
    if (String(path).endsWith('.sqlite-wal')) logs.add(file);
    else logs.delete(file); // the number of a closed file is used again
    return file;
  };
  const fdatasync = (file: number, done: (error: NodeJS.ErrnoException | null) => void) => {
    if (logs.has(file) !== (failing === 'log') || failures === 0) return fs.fdatasync(file, done);
    syncs += 1;
    if (syncs < 1) return fs.fdatasync(file, done);
    failures -= 1;
    setImmediate(done, Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', errno: -5 }));
  };
  return { ...fs, openSync, fdatasync: Object.assign(fdatasync, { __promisify__: undefined as never }) };
}
