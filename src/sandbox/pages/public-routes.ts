import { Hono } from 'hono';
import type { SandboxEnv } from '../core/context.js';
import { findPublicFile } from '../files/files.js';
import type { FilesContext } from '../files/files-context.js';
import { sendRendition } from '../files/send.js';
import { publicPage } from './public-page.js';
import { showPage } from './show-page.js';

/** `/s/{code}`: public files, which need no token (wire document section 1.1). */
export function publicRoutes(context: FilesContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();

  routes.get('/:code', async (c) => {
    const file = await findPublicFile(context, c.req.param('code'));
    return showPage(c, (nonce) => publicPage(file, c.req.param('code'), nonce));
  });

  routes.get('/:code/:rendition', async (c) => {
    const file = await findPublicFile(context, c.req.param('code'));
    return sendRendition(c, context, file, c.req.param('rendition'));
  });

  return routes;
}
