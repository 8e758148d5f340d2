import { Hono } from 'hono';
import * as z from 'zod/mini';
import { requires } from '../core/access.js';
import { jsonBody, originOf } from '../core/body.js';
import type { SandboxEnv } from '../core/context.js';
import { streamSuccess, success } from '../core/envelope.js';
import { Failure } from '../core/failure.js';
import { quotaOf } from '../core/quota.js';
import { extractArchive } from './extract.js';
import { joinName } from './file-name.js';
import {
  addFiles,
  cloneFile,
  deleteFile,
  type FileChanges,
  findFile,
  publishFile,
  updateFile,
  type VisibleFile,
  visibleFiles,
} from './files.js';
import type { FilesContext } from './files-context.js';
import { receive, receiveFrom } from './receive.js';
import { sendRendition } from './send.js';
import { wireFile } from './wire-file.js';

/** The body of a change. */
export const fileChanges: z.ZodMiniType<FileChanges> = z.object({
  name: z.optional(z.string()),
  tags: z.optional(z.array(z.string())),
  starred: z.optional(z.boolean()),
});

/** The body of publish. */
export const publicity: z.ZodMiniType<{ public: boolean }> = z.object({ public: z.boolean() });

// wire document sections 3.2 and 3.3
/** The routes below `/v1/doc`. */
export function fileRoutes(context: FilesContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();

  routes.get('/', requires('file.read'), (c) => {
    const includeMeta = c.req.query('include_meta');
    const withMeta = includeMeta !== undefined && includeMeta !== 'false' && includeMeta !== '0';
    const origin = originOf(c.req.url);
    const files = visibleFiles(context, c.get('user'));
    return streamSuccess(
      c,
      entriesOf(files, (file) => wireFile(file, origin, withMeta)),
    );
  });

  // must be before `/:id`, which also matches this path
  routes.post('/upload', requires('file.create'), async (c) => {
    const user = c.get('user');
    const quota = await quotaOf(context, user);
    const { files, fields } = await receive(context.store, c.req.raw, { quotaFor: async () => quota });
    const url = fields.get('url');
    if (files.length === 0 && url !== null && context.quirks.has('upload-by-url')) {
      files.push(await receiveFrom(context.store, url, quota));
    }
    if (files.length === 0) throw new Failure(400, 'the body has no file');
    const tags = splitTags(c.req.query('tags') ?? fields.get('tags') ?? '');
    const starred = (c.req.query('starred') ?? fields.get('starred')) === 'true';
    const origin = c.req.header('x-dt-origin-desc') || 'webupload';
    const described = files.map((file) => ({ ...file, tags, starred, origin }));
    const records = await addFiles(context, user, described, quota);
    // only this response has the size as a string (wire document section 3.2)
    const uploaded = records.map((file) => [file.id, { id: file.id, name: joinName(file), size: String(file.size) }]);
    return success(c, Object.fromEntries(uploaded));
  });

  routes.get('/:id', requires('file.read'), async (c) => {
    return success(c, wireFile(await findFile(context, c.get('user'), c.req.param('id')), originOf(c.req.url), true));
  });

  routes.post('/:id', requires('file.update', 'file.read'), async (c) => {
    const file = await updateFile(context, c.get('user'), c.req.param('id'), await jsonBody(c, fileChanges));
    return success(c, wireFile({ file, shared: 0 }, originOf(c.req.url), true));
  });

  routes.delete('/:id', requires('file.delete', 'file.read'), async (c) => {
    await deleteFile(context, c.get('user'), c.req.param('id'));
    return success(c, { deleted: true });
  });

  routes.post('/:id/clone', requires('file.create', 'file.read'), async (c) => {
    return success(c, { cloned: true, id: await cloneFile(context, c.get('user'), c.req.param('id')) });
  });

  routes.post('/:id/public', requires('file.update', 'file.read'), async (c) => {
    const { public: open } = await jsonBody(c, publicity);
    const file = await publishFile(context, c.get('user'), c.req.param('id'), open);
    const { public_url } = wireFile({ file, shared: 0 }, originOf(c.req.url), false);
    // the documentation has both names for the state, and "" if there is no URL (wire document section 3.2)
    return success(c, { public: open, published: open, public_url: public_url ?? '' });
  });

  routes.route('/', extractRoute(context));

  routes.get('/:id/:rendition', requires('file.read'), async (c) => {
    const { file } = await findFile(context, c.get('user'), c.req.param('id'));
    return sendRendition(c, context, file, c.req.param('rendition'));
  });

  return routes;
}

// wire document section 3.2
/** The route for extract. It is separate from the others because the documentation shows it without `/v1`. */
export function extractRoute(context: FilesContext): Hono<SandboxEnv> {
  return new Hono<SandboxEnv>().post('/:id/extract', requires('file.create', 'file.read'), async (c) => {
    await extractArchive(context, c.get('user'), c.req.param('id'));
    return success(c, { extracted: true });
  });
}

function splitTags(tags: string): string[] {
  return tags
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** The entries of a list of files, several at once. */
async function* entriesOf(
  batches: AsyncIterable<VisibleFile[]>,
  write: (file: VisibleFile) => unknown,
): AsyncGenerator<[id: string, file: unknown][]> {
  for await (const batch of batches) yield batch.map((visible) => [visible.file.id, write(visible)]);
}
