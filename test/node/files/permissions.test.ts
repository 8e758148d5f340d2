import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../../support/data-folder.js';
import { repository } from '../../support/paths.js';
import { runProgram } from './support.js';

// Node's permission model: `node --permission`. It has no list of what it forbids, and that differs between versions of Node.

/** Runs a program that may use one folder, and returns what it printed. */
async function runIn(folder: string, body: string): Promise<unknown> {
  const program = `
    import { createSandbox } from 'doctape-sdk/sandbox';
    import { ApiClient } from 'doctape-sdk';
    import { openFile, saveDownload, uploadFolder } from 'doctape-sdk/node';
    import fs, { readdirSync, statSync } from 'node:fs';
    import { setTimeout as wait } from 'node:timers/promises';
    const folder = ${JSON.stringify(folder)};
    const sandbox = createSandbox();
    const token = await sandbox.signIn('alice');
    const api = new ApiClient({ token, fetch: sandbox.fetch });
    const codeOf = (work) => work.then(() => 'ok', ({ code }) => code);
    ${body}
    console.log(JSON.stringify(result));
    process.exit();`;
  const allowed = [...[repository, folder].map((path) => `--allow-fs-read=${path}`), `--allow-fs-write=${folder}`];
  const quoted = allowed.map((option) => JSON.stringify(option)).join(' '); // a path can contain spaces
  const { ended, output } = runProgram(program, ['env', `NODE_OPTIONS=--permission ${quoted}`]);
  await ended;
  try {
    return JSON.parse(output());
  } catch {
    return output();
  }
}

it('files outside of the allowed folders are permission_denied', async () => {
  const folder = await makeFolder();
  const other = await makeFolder();
  await writeFile(join(other, 'a.txt'), 'a');
  const result = await runIn(
    folder,
    `const other = ${JSON.stringify(other)};
    const { id } = await api.files.upload(new Blob(['hello']));
    const result = [];
    for (const work of [
      () => saveDownload(api, id, other + '/b.txt'),
      () => saveDownload(api, id, folder + '/b.txt'),
      () => openFile(other + '/a.txt'),
      () => uploadFolder(api, other),
    ]) result.push(await codeOf(work()));`,
  );
  expect(result).toEqual(['permission_denied', 'ok', 'permission_denied', 'permission_denied']);
});

it('the lock of a long download is kept alive, so that other machines do not take it', async () => {
  const result = await runIn(
    await makeFolder(),
    `const endless = async () => new Response(new ReadableStream({ start(c) { c.enqueue(new Uint8Array(10)); } }));
    const controller = new AbortController();
    const lock = folder + '/a.bin.part.lock';
    const saved = codeOf(saveDownload(new ApiClient({ token, fetch: endless }), 'a', folder + '/a.bin', { signal: controller.signal }));
    let claim;
    while (!claim) {
      await wait(10);
      claim = fs.existsSync(lock) ? readdirSync(lock)[0] : undefined;
    }
    const at = () => statSync(lock + '/' + claim).mtimeMs;
    const first = at();
    while (at() === first) await wait(50);
    controller.abort();
    await saved;
    const result = 'refreshed';`,
  );
  expect(result).toBe('refreshed');
});

it('saves a download if files cannot be flushed, as in Node 26', async () => {
  const folder = await makeFolder();
  const result = await runIn(
    folder,
    `const file = await fs.promises.open(folder + '/any', 'w');
    await file.close();
    for (const name of ['sync', 'datasync']) {
      file.constructor.prototype[name] = async () => {
        throw Object.assign(new Error('fsync API is disabled when Permission Model is enabled.'), { code: 'ERR_ACCESS_DENIED' });
      };
    }
    const { id } = await api.files.upload(new Blob(['hello']));
    const code = await codeOf(saveDownload(api, id, folder + '/b.txt'));
    const result = [code, fs.readFileSync(folder + '/b.txt', 'utf8'), readdirSync(folder)];`,
  );
  expect(result).toEqual(['ok', 'hello', ['any', 'b.txt']]);
});
