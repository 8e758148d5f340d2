import { expect, it } from 'vitest';
import { createSandbox, type LoggedRequest, type Sandbox } from '../../../src/sandbox.js';

// The last requests on the start page.

const origin = 'http://localhost';
const rowsIn = (html: string) =>
  [...html.matchAll(/<tr id="(request-[^"]+)" class="(\w*)">(.*?)<\/tr>/gs)].map(([, id, mark, row = '']) => ({
    id,
    mark,
    cells: [...row.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell = '']) => cell.replace(/<[^>]+>/g, '')),
  }));

async function logOf(sandbox: Sandbox, newest?: string) {
  const query = newest === undefined ? '' : `?newest=${newest}`;
  const response = await sandbox.fetch(`${origin}/start/log${query}`);
  return { status: response.status, rows: rowsIn(await response.text()) };
}

it('has method, path, status, duration and user, with the newest one first', async () => {
  const sandbox = createSandbox();
  const { access_token } = await sandbox.signIn('alice');
  await sandbox.fetch(`${origin}/v1/account?access_token=${access_token}`);
  await sandbox.fetch(`${origin}/v1/doc/<script>`);
  const html = await (await sandbox.fetch(origin)).text();
  expect(html).not.toContain(access_token);
  const rows = rowsIn(html);
  expect(rows.map(({ mark, cells: [, ...cells] }) => [mark, ...cells])).toEqual([
    ['failed', 'GET', '/v1/doc/%3Cscript%3E', '401', expect.stringMatching(/^\d+ ms$/), ''],
    ['', 'GET', '/v1/account?access_token=...', '200', expect.stringMatching(/^\d+ ms$/), 'alice'],
  ]);
  expect(rows[0]?.cells[0]).toMatch(/^\d\d:\d\d:\d\d$/);
});

it('is sent again only if there are new requests', async () => {
  const sandbox = createSandbox();
  expect(await logOf(sandbox)).toEqual({ status: 204, rows: [] });
  await sandbox.fetch(`${origin}/nothing`);
  const { rows } = await logOf(sandbox);
  expect(rows).toHaveLength(1);
  expect(await logOf(sandbox, rows[0]?.id)).toEqual({ status: 204, rows: [] });
  await sandbox.fetch(`${origin}/nothing`);
  const later = await logOf(sandbox, rows[0]?.id);
  expect([later.status, later.rows.length, later.rows[1]]).toEqual([200, 2, rows[0]]);
  // after a restart, the page has rows that the sandbox does not know
  const restarted = createSandbox();
  await restarted.fetch(`${origin}/nothing`);
  const first = await logOf(restarted, later.rows[0]?.id);
  expect([first.status, first.rows.length]).toEqual([200, 1]);
  expect(later.rows.map(({ id }) => id)).not.toContain(first.rows[0]?.id);
});

it('keeps a hundred requests, and the beginning of a long path', async () => {
  const sandbox = createSandbox();
  for (let index = 0; index < 101; index++) await sandbox.fetch(`${origin}/${index}/${'x'.repeat(1000)}`);
  const { rows } = await logOf(sandbox);
  expect(rows).toHaveLength(100);
  expect(rows.at(-1)?.cells[2]).toBe(`/1/${'x'.repeat(297)}…`);
});

it('is not in the log itself, neither on the page nor of the option', async () => {
  const logged: LoggedRequest[] = [];
  const sandbox = createSandbox({ log: (request) => logged.push(request) });
  expect((await logOf(sandbox)).rows).toEqual([]);
  expect((await logOf(sandbox)).rows).toEqual([]);
  expect(logged).toEqual([]);
});
