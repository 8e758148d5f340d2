import { Hono } from 'hono';
import * as z from 'zod/mini';
import { requires } from '../core/access.js';
import { jsonBody } from '../core/body.js';
import type { SandboxUser } from '../core/config.js';
import type { SandboxContext, SandboxEnv } from '../core/context.js';
import { streamSuccess, success } from '../core/envelope.js';
import { findTape, type TapeChanges, updateTape, visibleTapes, wireTape } from './tapes.js';

/** The body of a change. */
export const tapeChanges: z.ZodMiniType<TapeChanges> = z.object({
  live: z.optional(z.boolean()),
  shared_with: z.optional(z.array(z.string())),
});

/** `/v1/tape` (wire document section 3.4). */
export function tapeRoutes(context: SandboxContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();

  routes.get('/', requires('tape.read', 'file.read'), (c) => streamSuccess(c, tapeEntries(context, c.get('user'))));

  routes.get('/:id', requires('tape.read', 'file.read'), async (c) => {
    const tape = await findTape(context, c.get('user'), c.req.param('id'));
    return success(c, await wireTape(context, c.get('user'), tape));
  });

  routes.post('/:id', requires('tape.update', 'tape.read', 'file.read'), async (c) => {
    const tape = await updateTape(context, c.get('user'), c.req.param('id'), await jsonBody(c, tapeChanges));
    return success(c, await wireTape(context, c.get('user'), tape));
  });

  return routes;
}

async function* tapeEntries(context: SandboxContext, user: SandboxUser): AsyncGenerator<[id: string, tape: unknown][]> {
  for await (const tape of visibleTapes(context, user)) yield [[tape.id, await wireTape(context, user, tape)]];
}
