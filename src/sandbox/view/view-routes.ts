import { type Context, Hono } from 'hono';
import { originOf } from '../core/body.js';
import type { SandboxEnv } from '../core/context.js';
import { success } from '../core/envelope.js';
import type { FilesContext } from '../files/files-context.js';
import { sendRendition } from '../files/send.js';
import { wireFile } from '../files/wire-file.js';
import { showFailure } from '../pages/failure-page.js';
import { previewOf } from '../pages/preview.js';
import { sendPreview } from '../pages/send-preview.js';
import { showPage } from '../pages/show-page.js';
import type { FileRecord } from '../store/records.js';
import { findDocument, unlinkDocument } from './documents.js';
import { isRegistered, repostPage } from './repost-page.js';
import { checkSignature } from './signature.js';
import { receiveUpload } from './view-upload.js';
import { viewerPage } from './viewer-page.js';

// wire document section 5.2
/** The View API, below `/sandbox`. Every request is signed with the secret of an application. */
export function viewRoutes(context: FilesContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();

  routes.post('/upload', async (c) => {
    const upload = await receiveUpload(context, c.req.raw);
    const { app, results, callback } = upload;
    if (!callback) return c.json(results);
    const isAutomatic = isRegistered(app, callback);
    const rights = { script: isAutomatic, framed: isAutomatic }; // the form may have a frame as its target
    return showPage(c, (nonce) => repostPage(upload, callback, isAutomatic, nonce), 200, rights);
  });

  routes.get('/doc/:id', async (c) => {
    const file = await signedDocument(c);
    return success(c, wireFile({ file, shared: 0 }, originOf(c.req.url), true));
  });

  routes.get('/doc/:id/:rendition', async (c) => {
    const file = await signedDocument(c);
    return sendRendition(c, context, file, c.req.param('rendition'), { type: 'binary/octet-stream' });
  });

  routes.get('/widget/:id', async (c) => {
    const file = await signedDocument(c);
    const preview = await previewOf(context, file);
    const { search } = new URL(c.req.url); // the signature is valid for all parts of the document
    const links = { content: `${file.id}/content${search}`, original: `../doc/${file.id}/original${search}` };
    return showPage(c, (nonce) => viewerPage(file, preview, links, nonce), 200, { frames: true, framed: true });
  });

  routes.get('/widget/:id/content', async (c) => sendPreview(c, context, await signedDocument(c)));

  // wire document section 7, choice 50
  routes.post('/unlink/:id', async (c) => {
    const id = c.req.param('id');
    await unlinkDocument(context, checkSignature(context, 'unlink', queryOf(c), id), id);
    return success(c, { unlinked: true });
  });

  async function signedDocument(c: Context<SandboxEnv, '/:id'>): Promise<FileRecord> {
    const id = c.req.param('id');
    return findDocument(context, checkSignature(context, 'document', queryOf(c), id), id);
  }

  routes.onError((error, c) => {
    const title = 'This document is not available';
    const text = 'It was deleted, or this application can no longer access it.';
    return showFailure(c, error, { title, text }, { framed: true });
  });
  return routes;
}

function queryOf(c: Context): URLSearchParams {
  return new URL(c.req.url).searchParams;
}
