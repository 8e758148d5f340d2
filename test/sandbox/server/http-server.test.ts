import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer, defaultIdleLimits, type IdleLimits } from '../../../src/sandbox/server/http-server.js';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Seen {
  /** The number of bytes that the server read of each body, or the error. */
  bodies: (string | Error)[];
}

/** A server with short limits that responds with the length of the request body. */
async function serve(
  limits: Partial<IdleLimits>,
  handler?: (request: Request) => Promise<Response>,
): Promise<{ port: number; seen: Seen }> {
  const seen: Seen = { bodies: [] };
  const readBody = async (request: Request) => {
    const text = await request.text().catch((error: Error) => error);
    seen.bodies.push(text);
    return new Response(text instanceof Error ? 'cut off' : `${text.length}\n`);
  };
  const server = createHttpServer(handler ?? readBody, { ...defaultIdleLimits, ...limits });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

interface Client {
  socket: Socket;
  /** All bytes that the server sent before it closed the connection. */
  closed: Promise<string>;
}

async function open(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  cleanUps.push(async () => socket.destroy());
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {}); // a reset closes the connection too
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, closed };
}

const post = 'POST / HTTP/1.1\r\nHost: a\r\n';

describe('an idle client', () => {
  it.each([
    ['before its first byte', ''],
    ['in the request line', 'GET /v1/acc'],
    ['in the headers', 'GET / HTTP/1.1\r\nHost: a\r\nX-Half: 1'],
    ['before the last line of the headers', 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ])('%s is disconnected', async (_where, bytes) => {
    const { port } = await serve({ headers: 200 });
    const { socket, closed } = await open(port);
    socket.write(bytes);
    expect(await closed).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  it.each([
    ['in a body with a Content-Length', `${post}Content-Length: 1000\r\n\r\nhalf`],
    ['before such a body', `${post}Content-Length: 1000\r\n\r\n`],
    ['in a chunk', `${post}Transfer-Encoding: chunked\r\n\r\n10\r\nhalf`],
    ['between two chunks', `${post}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
  ])('%s is disconnected, and reading the body fails', async (_where, bytes) => {
    const { port, seen } = await serve({ body: 200 });
    const { socket, closed } = await open(port);
    socket.write(bytes);
    await closed;
    await expect.poll(() => seen.bodies).toEqual([expect.any(Error)]);
  });

  it('after its first request is disconnected', async () => {
    const { port } = await serve({ keepAlive: 200 });
    const { socket, closed } = await open(port);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await closed).toContain('200 OK');
  });

  it('in the headers of its second request is disconnected', async () => {
    const { port } = await serve({ headers: 1_000 });
    const { socket, closed } = await open(port);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTT');
    expect(await closed).toContain('200 OK');
  });

  it('and does not read the response is disconnected', async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    });
    const { port } = await serve({ body: 200 }, async () => new Response(endless));
    const { socket, closed } = await open(port);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await delay(1_000);
    socket.resume(); // a paused socket does not emit close
    await closed;
  });
});

describe('a slow client', () => {
  it('can take longer for a body than the idle limit', async () => {
    const { port, seen } = await serve({ body: 2_000, headers: 2_000 });
    const { socket, closed } = await open(port);
    socket.write(`${post}Connection: close\r\nContent-Length: 15\r\n\r\n`);
    for (let byte = 0; byte < 15; byte++) {
      await delay(200);
      socket.write('a');
    }
    expect(await closed).toContain('15\n');
    expect(seen.bodies).toEqual(['a'.repeat(15)]);
  });

  it('can wait for a response longer than the idle limit', async () => {
    const { port } = await serve({ body: 100 }, async () => {
      await delay(800);
      return new Response('late', { headers: { connection: 'close' } });
    });
    const { socket, closed } = await open(port);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await closed).toContain('late');
  });

  it('can wait for the rest of a response longer than the idle limit', async () => {
    let part = 0;
    const pauses = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (part++ === 3) return controller.close();
        await delay(300);
        controller.enqueue(new TextEncoder().encode(`part ${part}.`));
      },
    });
    const { port } = await serve({ body: 100 }, async () => new Response(pauses, { headers: { connection: 'close' } }));
    const { socket, closed } = await open(port);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await closed).toContain('part 3.');
  });

  it('can wait until the sandbox reads the request body', async () => {
    const { port } = await serve({ body: 500 }, async (request) => {
      await delay(1_200);
      const { byteLength } = await request.arrayBuffer();
      return new Response(`${byteLength} bytes`, { headers: { connection: 'close' } });
    });
    const { socket, closed } = await open(port);
    socket.write(`${post}Content-Length: 5000000\r\n\r\n`);
    socket.write(Buffer.alloc(5_000_000));
    expect(await closed).toContain('5000000 bytes');
  });
});
