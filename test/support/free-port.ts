import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * For a server whose address others have to know before it starts. Systems give ports above 32767 (or 49151) to servers that
 * ask for any, so a port from there could be taken by another test in the meantime.
 */
export async function freePort(): Promise<number> {
  const port = randomInt(10_000, 32_000);
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch {
    return freePort(); // somebody listens there
  }
  server.close();
  await once(server, 'close');
  return port;
}
