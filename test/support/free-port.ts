import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Finds a free port, for a server whose URL must be known before it starts. It is below 32768, because systems assign higher ports
 * to servers that listen on port 0, so another test could take one in the meantime. It is above 10080, which `fetch` refuses.
 */
export async function freePort(): Promise<number> {
  const port = randomInt(10_100, 32_000);
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch {
    return freePort(); // the port is in use
  }
  server.close();
  await once(server, 'close');
  return port;
}
