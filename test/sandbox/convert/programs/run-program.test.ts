import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { type Confine, findConfinement } from '../../../../src/sandbox/convert/programs/confinement.js';
import { runProgram } from '../../../../src/sandbox/convert/programs/run-program.js';

const folder = mkdtempSync(join(tmpdir(), 'run-program-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(folder, 'pid'), { force: true });
});

const limits = { seconds: 60, memoryBytes: 2 ** 40, fileBytes: 10_000_000, openFiles: 64 };
const unconfined: Confine = (program, args) => [program, ...args];

/** Runs a program of Node. */
function run(
  code: string,
  changes: Partial<typeof limits> = {},
  confine = unconfined,
  signal = new AbortController().signal,
) {
  const args = ['-e', code];
  return runProgram(
    { name: 'node', path: process.execPath, args, folder, limits: { ...limits, ...changes } },
    confine,
    signal,
  );
}

/** Starts a grandchild that writes its id, and waits for ever. */
const family = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
  require('node:fs').writeFileSync('pid', String(child.pid));
  setInterval(() => {}, 1000);`;

async function expectNoGrandchild() {
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  await expect.poll(() => isAlive(pid)).toBe(false);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readStatus(pid).includes('zombie');
  } catch {
    return false;
  }
}

function readStatus(pid: number): string {
  const path = `/proc/${pid}/status`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

describe.each([
  ['with what this machine has', findConfinement()],
  ['without other programs, as on macOS', unconfined],
])('%s', (_name, confine) => {
  it('returns what the program writes', async () => {
    expect(await run("console.log('out'); console.error('error')", {}, confine)).toEqual({
      stdout: 'out\n',
      stderr: 'error\n',
    });
  });

  it('ends all processes of a program that takes too long', async () => {
    // a busy machine may not start the program within the first limit
    for (let seconds = 3; !existsSync(join(folder, 'pid')); seconds *= 2) {
      await expect(run(family, { seconds }, confine)).rejects.toMatchObject({
        name: 'ConversionFailed',
        message: `node took longer than ${seconds} seconds`,
      });
    }
    await expectNoGrandchild();
  });

  it('ends all processes of a program when the signal aborts', async () => {
    const controller = new AbortController();
    const running = expect(run(family, {}, confine, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => existsSync(join(folder, 'pid'))).toBe(true);
    controller.abort();
    await running;
    await expectNoGrandchild();
  });

  it('ends a program that writes too much', async () => {
    const code = `
      const fs = require('node:fs');
      setInterval(() => fs.appendFileSync('large', Buffer.alloc(100_000)), 10);`;
    await expect(run(code, { fileBytes: 1_000_000 }, confine)).rejects.toMatchObject({ name: 'ConversionFailed' });
    rmSync(join(folder, 'large'));
  });

  it('says how a program ended', async () => {
    await expect(run('process.exit(3)', {}, confine)).rejects.toThrow('node ended with exit code 3');
  });
});

it('gives the program nothing of the environment but the path, and no network', async () => {
  vi.stubEnv('DOCTAPE_TOKEN', 'secret');
  vi.stubEnv('https_proxy', 'http://proxy.example');
  vi.stubEnv('LD_PRELOAD', '');
  const { stdout } = await run('console.log(JSON.stringify(process.env))');
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({
    HOME: folder,
    TMPDIR: folder,
    PATH: process.env.PATH,
    https_proxy: 'http://127.0.0.1:9',
  });
  expect(Object.keys(found)).not.toContain('DOCTAPE_TOKEN');
});

it('passes arguments as they are, without a shell', async () => {
  const path = process.execPath;
  const args = ['-e', 'console.log(process.argv[1])', '--', '$(touch owned); `touch owned` && touch owned'];
  const { stdout } = await runProgram(
    { name: 'node', path, args, folder, limits },
    unconfined,
    new AbortController().signal,
  );
  expect(stdout).toBe('$(touch owned); `touch owned` && touch owned\n');
  expect(existsSync(join(folder, 'owned'))).toBe(false);
});

it('keeps the end of endless output, which says how far the program came', async () => {
  const { stdout, stderr } = await run(`
    for (let i = 0; i < 100; i++) process.stderr.write('x'.repeat(100_000));
    for (let i = 0; i < 20_000; i++) console.log('out_time_us=' + i);
    console.error('truncated');`);
  expect(stdout).toMatch(/out_time_us=19999\n$/);
  expect(stderr).toMatch(/truncated\n$/);
  for (const text of [stdout, stderr]) {
    expect(text.length).toBeGreaterThan(1000);
    expect(text.length).toBeLessThan(1_000_000);
  }
});

it('says that a program cannot be started', async () => {
  const path = join(folder, 'missing');
  const running = runProgram(
    { name: 'ffmpeg', path, args: [], folder, limits },
    unconfined,
    new AbortController().signal,
  );
  await expect(running).rejects.toThrow('ffmpeg could not be started (ENOENT)');
});

it('does not start a program if the signal has aborted', async () => {
  await expect(run('', {}, unconfined, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
});
