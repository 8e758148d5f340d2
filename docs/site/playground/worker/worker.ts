import { createSandbox, type Sandbox } from '../../../../src/sandbox.ts';
import { requestChannel, type WorkerReply, type WorkerRequest } from '../messages.ts';
import { indexedDbStore } from './indexed-db-store.ts';
import { mount } from './mount.ts';
import { siteCache } from './site-cache.ts';
import { trackBody } from './track-body.ts';

// The service worker of the playground: the sandbox, and the files of the page for when there is no network. It is bundled as a
// classic script in one file, because browsers load modules and further scripts in service workers in different ways or not at all.

declare const self: ServiceWorkerGlobalScope;
/** The files of the site that the page needs, relative to the scope. The bundler defines it. */
declare const siteFiles: readonly string[];

const scope = self.registration.scope;
const sandboxUrl = new URL('sandbox', scope).href;
const site = siteCache(scope, siteFiles);
const requests = new BroadcastChannel(requestChannel(scope));

/** Created at the first request, and not earlier: opening the store ends the uploads of the previous version of this worker. */
let running: { sandbox: Sandbox; respond(request: Request): Promise<Response> } | undefined;

function start() {
  if (running) return running;
  const sandbox = createSandbox({
    store: indexedDbStore(`doctape-playground ${scope}`),
    apps: [
      {
        clientId: 'a2b4c6d8-1e3f-4a5b-8c7d-9e0f1a2b3c03', // as in the guides
        type: 'client',
        name: 'Playground',
        redirectUris: [new URL('run.html', scope).href],
      },
    ],
    log: (request) => requests.postMessage(request),
  });
  running = { sandbox, respond: mount(sandbox, sandboxUrl) };
  return running;
}

self.addEventListener('install', (event) => {
  event.waitUntil(site.fill().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(site.deleteOldFiles().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.url.startsWith(`${sandboxUrl}/`)) event.respondWith(respond(event));
  else if (site.has(request)) event.respondWith(site.respond(request));
});

async function respond(event: FetchEvent): Promise<Response> {
  const { response, read } = trackBody(await start().respond(event.request));
  event.waitUntil(read); // otherwise Firefox ends the idle worker while the page reads the body, which then ends early without an error
  return response;
}

self.addEventListener('message', (event) => {
  const [port] = event.ports;
  const reply = (message: WorkerReply) => port?.postMessage(message);
  event.waitUntil(
    perform(event.data).then(
      (result) => reply({ result }),
      (error) => reply({ problem: String(error.message) }),
    ),
  );
});

async function perform(request: WorkerRequest): Promise<unknown> {
  if (request.type === 'reset') return start().sandbox.reset();
  return start().sandbox.signIn(request.username, request.options);
}
