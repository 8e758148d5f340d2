import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type KillRun, killRuns } from './kill.js';

const data = await mkdtemp(join(tmpdir(), 'doctape-kill-'));
afterAll(() => rm(data, { recursive: true, force: true }));

it('keeps every acknowledged change, and leaves no partial change or stray file, when it is killed during operations', async () => {
  const runs: KillRun[] = [];
  for await (const run of killRuns(data, 5)) runs.push(run);
  expect(runs.flatMap(({ problems }) => problems)).toEqual([]);
  expect(runs.flatMap(({ pending }) => pending)).not.toEqual([]);
  expect(runs.flatMap(({ acknowledged }) => acknowledged)).not.toEqual([]);
});
