import { Hono } from 'hono';
import type { SandboxEnv } from '../core/context.js';
import { findPublicFile } from '../files/files.js';
import type { FilesContext } from '../files/files-context.js';
import { sendRendition } from '../files/send.js';
import { showFailure } from './failure-page.js';
import { filePage } from './file-page.js';
import { previewOf } from './preview.js';
import { sendPreview } from './send-preview.js';
import { showPage } from './show-page.js';

/** `/s/{code}`: public files, which need no token (wire document section 1.1). */
export function publicRoutes(context: FilesContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();

  routes.get('/:code', async (c) => {
    const code = c.req.param('code');
    const file = await findPublicFile(context, code);
    const preview = await previewOf(context, file);
    const links = { content: `/s/${code}/content`, original: `/s/${code}/original` };
    const about = `Published by ${file.owner}`;
    return showPage(c, (nonce) => filePage(file, { preview, ...links, about }, nonce), 200, { frames: true });
  });

  routes.get('/:code/content', async (c) =>
    sendPreview(c, context, await findPublicFile(context, c.req.param('code'))),
  );

  routes.get('/:code/:rendition', async (c) => {
    const file = await findPublicFile(context, c.req.param('code'));
    return sendRendition(c, context, file, c.req.param('rendition'));
  });

  routes.onError((error, c) =>
    showFailure(c, error, {
      title: 'This link does not work',
      text: 'The file was deleted, or its owner no longer publishes it. If you typed the link, check that it is complete.',
    }),
  );
  return routes;
}
