import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { constantTimeEqual } from '../../protocol/constant-time-equal.js';
import { formBody } from '../core/body.js';
import type { SandboxEnv } from '../core/context.js';
import { Failure } from '../core/failure.js';
import { ownFiles } from '../files/files.js';
import { resetAll } from '../files/reset.js';
import { sendRendition } from '../files/send.js';
import { logPath } from '../log/request-log.js';
import { showFailure } from '../pages/failure-page.js';
import { filePage } from '../pages/file-page.js';
import { isOwnMachine } from '../pages/own-machine.js';
import { previewOf } from '../pages/preview.js';
import { sendPreview } from '../pages/send-preview.js';
import { showPage } from '../pages/show-page.js';
import { type FileRecord, keyOf } from '../store/records.js';
import { countFiles } from './count-files.js';
import { requestRows } from './request-rows.js';
import { resetPage } from './reset-page.js';
import type { StartContext } from './start-context.js';
import { startPage } from './start-page.js';
import { addedAt, type FilesPart, filePath, filesPerPage, userFilesPage } from './user-files-page.js';

/** The page at `/` and those that it links to. They contain passwords and files, so they are served to this machine only. */
export function startRoutes(context: StartContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();
  let formToken: string | undefined; // not every runtime has random numbers before the first request

  for (const path of ['/', '/start/*']) {
    routes.use(path, (c, next) => {
      if (!isOwnMachine(c)) throw new Failure(404);
      // a page of another website must not learn from an element or a window what is here
      c.header('Cross-Origin-Resource-Policy', 'same-origin');
      c.header('Cross-Origin-Opener-Policy', 'same-origin');
      return next();
    });
  }

  routes.get('/', async (c) => {
    const { origin, searchParams } = new URL(c.req.url);
    const users = await Promise.all(
      [...context.users.values()].map(async (user) => ({ user, files: await countFiles(context, user.username) })),
    );
    const parts = {
      origin,
      apps: [...context.apps.values()],
      users,
      requests: context.recent.newestFirst(),
      wasReset: searchParams.has('reset'),
    };
    return showPage(c, (nonce) => startPage(parts, nonce), 200, { script: true, requests: true });
  });

  routes.get(logPath, (c) => {
    c.header('Cache-Control', 'no-store');
    const requests = context.recent.newestFirst();
    return (requests[0]?.id ?? '') === (c.req.query('newest') ?? '')
      ? c.body(null, 204)
      : c.html(requestRows(requests));
  });

  routes.get('/start/reset', async (c) => {
    const users = await Promise.all(
      [...context.users.keys()].map(async (username) => ({ username, files: await countFiles(context, username) })),
    );
    formToken ??= crypto.randomUUID();
    const token = formToken;
    return showPage(c, (nonce) => resetPage(users, token, nonce));
  });

  routes.post('/start/reset', async (c) => {
    const token = (await formBody(c)).get('token') ?? '';
    // other websites can send this form, but cannot read the page with the token
    if (formToken === undefined || !constantTimeEqual(token, formToken)) {
      throw new Failure(
        403,
        'the form is not one of this sandbox, or is older than its last start: open the page again',
      );
    }
    await resetAll(context);
    return c.redirect('/?reset', 303);
  });

  routes.get('/start/:user{@[^/]+}', async (c) => {
    const username = userOf(c);
    const number = Math.max(1, Math.trunc(Number(c.req.query('part')) || 1));
    const part = await readPart(username, number);
    return showPage(c, (nonce) => userFilesPage(username, part, nonce));
  });

  routes.get('/start/:user{@[^/]+}/:id', async (c) => {
    const file = await fileOf(c);
    const preview = await previewOf(context, file);
    const { owner, id, type } = file;
    const path = filePath(owner, id);
    const links = { content: `${path}/content`, original: `${path}/original` };
    const above = html`<p><a href="/">Start page</a>, <a href="/start/@${owner}">Files of ${owner}</a></p>`;
    const about = `${type}, added by ${owner} on ${addedAt(file)} UTC`;
    return showPage(c, (nonce) => filePage(file, { preview, ...links, above, about }, nonce), 200, { frames: true });
  });

  routes.get('/start/:user{@[^/]+}/:id/content', async (c) => sendPreview(c, context, await fileOf(c)));
  routes.get('/start/:user{@[^/]+}/:id/original', async (c) => sendRendition(c, context, await fileOf(c), 'original'));

  function userOf(c: Context<SandboxEnv, '/:user'>): string {
    const username = c.req.param('user').slice(1); // a path cannot have a part `..`, which is a valid name
    if (!context.users.has(username)) throw new Failure(404);
    return username;
  }

  async function fileOf(c: Context<SandboxEnv, '/:user/:id'>): Promise<FileRecord> {
    const file = await context.store.get('files', keyOf(userOf(c), c.req.param('id')));
    if (!file) throw new Failure(404);
    return file;
  }

  async function readPart(username: string, number: number): Promise<FilesPart> {
    const skipped = (number - 1) * filesPerPage;
    const files: FileRecord[] = [];
    let index = 0;
    for await (const file of ownFiles(context, username)) {
      if (files.length === filesPerPage) return { files, number, hasMore: true };
      if (index++ >= skipped) files.push(file);
    }
    return { files, number, hasMore: false };
  }

  routes.onError((error, c) => {
    const text = html`The file was deleted, or this sandbox has no such page. Go to the <a href="/">start page</a>.`;
    return showFailure(c, error, { title: 'Not found', text });
  });
  return routes;
}
