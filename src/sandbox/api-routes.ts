import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { authenticate, requires } from './access.js';
import { Failure, success } from './answer.js';
import type { SandboxContext, SandboxEnv } from './context.js';
import { addFiles, deleteFile, findFile, listFiles, quotaOf, usedBytes, wireFile } from './files.js';
import { joinName, mediaTypeOf, splitName, typeOf } from './media.js';
import { receive } from './receive.js';
import type { FileRecord } from './records.js';
import { sendFile } from './send.js';

/** `/v1` (wire document section 3). */
export function apiRoutes(context: SandboxContext): Hono<SandboxEnv> {
  const { store } = context;
  const routes = new Hono<SandboxEnv>();

  routes.use(
    cors({
      origin: '*',
      allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
      allowHeaders: ['Authorization', 'Content-Type', 'If-Range', 'Range', 'X-DT-Origin-Desc'],
      exposeHeaders: [
        'Accept-Ranges',
        'Content-Disposition',
        'Content-Length',
        'Content-Range',
        'ETag',
        'Retry-After',
        'WWW-Authenticate',
        'X-Request-Id',
      ],
      maxAge: 600,
    }),
  );
  routes.use(authenticate(context));

  routes.get('/account', requires('account.read'), async (c) => {
    const user = c.get('user');
    const quota = quotaOf(user);
    const used = await usedBytes(context, user);
    return success(c, {
      quota,
      username: user.username,
      firstname: user.firstname ?? '',
      lastname: user.lastname ?? '',
      email: user.email ?? '',
      country_code: 'DE',
      avatar: `${new URL(c.req.url).origin}/v1/account/avatar/50?${context.now()}`,
      quota_used: used,
      quota_free: quota - used,
      type: 'basic',
    });
  });

  routes.get('/doc', requires('file.read'), (c) => {
    const asked = c.req.query('include_meta');
    const withMeta = asked !== undefined && asked !== 'false' && asked !== '0';
    return streamList(c, listFiles(context, c.get('user')), withMeta);
  });

  routes.post('/doc/upload', requires('file.create'), async (c) => {
    const user = c.get('user');
    const room = quotaOf(user) - (await usedBytes(context, user));
    const { files, fields } = await receive(store, c.req.raw, room);
    const tags = splitTags(c.req.query('tags') ?? fields.get('tags'));
    const starred = (c.req.query('starred') ?? fields.get('starred')) === 'true';
    const records = files.map(({ id, fileName, type, size }): FileRecord => {
      const { name, extension } = splitName(fileName);
      const known = typeOf(type, extension);
      return {
        id,
        owner: user.username,
        name,
        extension,
        type: known,
        size,
        time_added: Math.floor(context.now() / 1000),
        media_type: mediaTypeOf(known),
        tags,
        origin: c.req.header('x-dt-origin-desc') ?? 'webupload',
        starred,
        meta: {},
      };
    });
    await addFiles(context, user, records);
    // the size is a string here and only here (wire document section 3.2)
    const uploaded = records.map((file) => [file.id, { id: file.id, name: joinName(file), size: String(file.size) }]);
    return success(c, Object.fromEntries(uploaded));
  });

  routes.get('/doc/:id', requires('file.read'), async (c) => {
    return success(c, wireFile(await findFile(context, c.get('user'), c.req.param('id')), true));
  });

  routes.get('/doc/:id/:rendition', requires('file.read'), async (c) => {
    const file = await findFile(context, c.get('user'), c.req.param('id'));
    if (c.req.param('rendition') !== 'original') throw new Failure(404);
    return sendFile(c, store, file);
  });

  routes.delete('/doc/:id', requires('file.delete', 'file.read'), async (c) => {
    await deleteFile(context, c.get('user'), c.req.param('id'));
    return success(c, { deleted: true });
  });

  return routes;
}

function splitTags(tags: string | undefined): string[] {
  return [
    ...new Set(
      (tags ?? '')
        .split(',')
        .map((tag) => tag.trim())
        .filter((tag) => tag !== ''),
    ),
  ];
}

/** The list is written as it is read: it can be longer than memory is wide. */
function streamList(c: Context, files: AsyncIterable<FileRecord>, withMeta: boolean): Response {
  const encoder = new TextEncoder();
  const iterator = files[Symbol.asyncIterator]();
  let text = '{"error":null,"result":{';
  let separator = '';
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await iterator.next();
          if (done) {
            controller.enqueue(encoder.encode(`${text}}}`));
            controller.close();
            return;
          }
          text += `${separator}${JSON.stringify(value.id)}:${JSON.stringify(wireFile(value, withMeta))}`;
          separator = ',';
          if (text.length < 64 * 1024) continue;
          controller.enqueue(encoder.encode(text));
          text = '';
          return;
        }
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return c.body(body, 200, { 'Content-Type': 'application/json' });
}
