import { attemptsOf } from '../transport/calls/attempts.js';
import { type Connection, routeUrl } from '../transport/calls/connection.js';
import { load } from '../transport/load.js';

/** A call that is about to begin. */
interface Beginning {
  name: string;
  method: string;
  segments: readonly string[];
  signal: AbortSignal | undefined;
}

/**
 * Loads the rest of the SDK, which a page that lists files and links to them never needs. It is one chunk, because several
 * small ones are larger together. If it cannot be loaded the call has failed, and its hooks are told so.
 */
export async function restFor(
  connection: Connection,
  { segments, signal, ...call }: Beginning,
): Promise<typeof import('./rest.js')> {
  try {
    return await load(() => import('./rest.js'), signal);
  } catch (error) {
    const url = routeUrl(connection, segments);
    throw await attemptsOf(connection, { ...call, url, signal }).end(error);
  }
}
