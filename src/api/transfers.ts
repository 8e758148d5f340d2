import { attemptsOf } from '../transport/calls/attempts.js';
import { type Connection, routeUrl } from '../transport/calls/connection.js';
import { loadTransfers } from '../transport/load.js';

/** A transfer that is about to begin. */
interface Beginning {
  name: string;
  method: string;
  segments: readonly string[];
  signal: AbortSignal | undefined;
}

/** Loads what moves bytes. If that fails the call has failed, and its hooks are told so. */
export async function transfersFor(
  connection: Connection,
  { segments, signal, ...call }: Beginning,
): Promise<Awaited<ReturnType<typeof loadTransfers>>> {
  try {
    return await loadTransfers(signal);
  } catch (error) {
    const url = routeUrl(connection, segments);
    throw await attemptsOf(connection, { ...call, url, signal }).end(error);
  }
}
