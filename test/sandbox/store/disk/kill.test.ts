import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type KillRun, killRuns } from './kill.js';

const data = await mkdtemp(join(tmpdir(), 'doctape-kill-'));
afterAll(() => rm(data, { recursive: true, force: true }));

it('loses nothing, keeps no half and leaves no stray bytes when it is killed in the middle of everything', async () => {
  const runs: KillRun[] = [];
  for await (const run of killRuns(data, 5)) runs.push(run);
  expect(runs.flatMap(({ problems }) => problems)).toEqual([]);
  expect(runs.flatMap(({ underWay }) => underWay)).not.toEqual([]);
  expect(runs.flatMap(({ acknowledged }) => acknowledged)).not.toEqual([]);
});
