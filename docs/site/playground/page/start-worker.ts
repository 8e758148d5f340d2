/** Why the playground cannot run in this browser, and what to do. */
export class Unavailable extends Error {}

/**
 * Starts the service worker.
 *
 * @param folder the URL of the playground, which is the scope of the worker
 * @throws {Unavailable}
 */
export async function startWorker(folder: URL): Promise<ServiceWorkerRegistration> {
  if (!isSecureContext)
    throw new Unavailable(
      'Browsers run service workers only on pages that are served over https or from this machine. Open this site over https, or build it and serve it on localhost.',
    );
  if (!('serviceWorker' in navigator))
    throw new Unavailable(
      'This window has no service workers. In Firefox, private windows have none, nor do windows that never remember history: open this page in a normal window.',
    );
  const registration = await register(folder);
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (!worker) throw new Unavailable('The service worker was removed. Reload the page.');
  await activated(worker);
  return registration;
}

async function register(folder: URL): Promise<ServiceWorkerRegistration> {
  try {
    return await navigator.serviceWorker.register(new URL('worker.js', folder), { updateViaCache: 'none' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Unavailable(
      `The service worker could not be started. Check your connection, allow this site to store data, and reload the page. (${reason})`,
    );
  }
}

function activated(worker: ServiceWorker): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = () => {
      if (worker.state === 'activated') resolve();
      if (worker.state === 'redundant')
        reject(
          new Unavailable('A file of the playground could not be loaded. Check your connection, and reload the page.'),
        );
    };
    worker.addEventListener('statechange', check);
    check();
  });
}
