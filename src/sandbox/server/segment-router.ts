import type { Result, Router } from 'hono/router';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { SmartRouter } from 'hono/router/smart-router';
import { TrieRouter } from 'hono/router/trie-router';

type Route<T> = [method: string, path: string, handler: T];

/**
 * Has a router for each method and first segment of a path. Hono's fast router does not accept `/doc/upload` beside `/doc/:id`, so that
 * Hono would use the slow one for all routes. Here it does so only for those with the same method and first segment.
 */
export class SegmentRouter<T> implements Router<T> {
  readonly name = 'SegmentRouter';
  readonly #routes: Route<T>[] = [];
  readonly #methods = new Set<string>();
  readonly #segments = new Set<string>();
  readonly #routers = new Map<string, Router<T>>();

  /** The number of routers. */
  get size(): number {
    return this.#routers.size;
  }

  add(method: string, path: string, handler: T): void {
    this.#routes.push([method, path, handler]);
    this.#methods.add(method);
    this.#segments.add(firstSegment(path));
  }

  match(method: string, path: string): Result<T> {
    const first = firstSegment(path);
    const known = this.#routers.get(`${method} ${first}`);
    if (known) return known.match(method, path);
    // clients choose methods and paths, so there is one router for all that are in no route
    const group = this.#methods.has(method) ? method : 'ALL';
    const segment = this.#segments.has(first) ? first : '/*';
    const key = `${group} ${segment}`;
    const router = this.#routers.get(key) ?? this.#routerFor(group, segment);
    this.#routers.set(key, router);
    return router.match(method, path);
  }

  #routerFor(group: string, segment: string): Router<T> {
    const router = new SmartRouter<T>({ routers: [new RegExpRouter(), new TrieRouter()] });
    for (const [method, path, handler] of this.#routes) {
      const first = firstSegment(path);
      if ((method === group || method === 'ALL') && (first === segment || /[:*]/.test(first))) {
        router.add(method, path, handler);
      }
    }
    return router;
  }
}

function firstSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return end < 0 ? path : path.slice(0, end);
}
