import { createAttempts } from '../transport/calls/attempts.js';
import { type Connection, routeUrl } from '../transport/calls/connection.js';
import { loadChunk } from '../transport/load-chunk.js';

export type LazyChunk = typeof import('./lazy-chunk.js');

/** The call that needs the chunk. */
interface PendingCall {
  name: string;
  method: string;
  segments: readonly string[];
  signal: AbortSignal | undefined;
}

/**
 * Loads the part of the SDK that a page which only lists files and links to them does not need. It is one chunk, because
 * several small ones are larger in total. If it cannot be loaded, the call rejects and its `error` hook is called.
 */
export async function loadLazyChunk(
  connection: Connection,
  { segments, signal, ...call }: PendingCall,
): Promise<LazyChunk> {
  try {
    return await loadChunk(() => import('./lazy-chunk.js'), signal);
  } catch (error) {
    const url = routeUrl(connection, segments);
    throw await createAttempts(connection, { ...call, url, signal }).end(error);
  }
}
