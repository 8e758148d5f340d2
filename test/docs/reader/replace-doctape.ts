import { createSandbox } from 'doctape-sdk/sandbox';
import { doctapeHandlers } from 'doctape-sdk/testing';
import { setupServer } from 'msw/node';

/** Redirects requests for doctape's URLs to a served sandbox, in this program. */
export function replaceDoctape(sandboxUrl: string): void {
  const served = {
    ...createSandbox(),
    fetch(input: RequestInfo | URL, init?: RequestInit) {
      const request = new Request(input, init);
      const { pathname, search } = new URL(request.url);
      return fetch(new Request(new URL(pathname + search, sandboxUrl), request));
    },
  };
  setupServer(...doctapeHandlers(served)).listen({ onUnhandledFrame: 'bypass' });
}
