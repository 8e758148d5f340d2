import { TrieRouter } from 'hono/router/trie-router';
import { expect, it } from 'vitest';
import { SegmentRouter } from '../../../src/sandbox/server/segment-router.js';

const routes: [method: string, path: string][] = [
  ['ALL', '/*'],
  ['GET', '/'],
  ['GET', '/start/:user{@[^/]+}'],
  ['GET', '/start/log'],
  ['ALL', '/v1/*'],
  ['GET', '/v1/account'],
  ['GET', '/v1/account/avatar/:size?'],
  ['POST', '/v1/doc/upload'],
  ['GET', '/v1/doc/:id'],
  ['POST', '/v1/doc/:id'],
  ['GET', '/v1/doc/:id/:rendition'],
  ['POST', '/:name'],
];

const routers = [new TrieRouter<string>(), new SegmentRouter<string>()];
for (const router of routers) for (const [method, path] of routes) router.add(method, path, `${method} ${path}`);

const paths = [
  '/',
  '/v1',
  '/v1/',
  '/v1/account',
  '/v1/account/avatar',
  '/v1/account/avatar/50',
  '/v1/doc/upload',
].concat(
  [
    '/v1/doc/1',
    '/v1/doc/',
    '/v1/doc/1/2',
    '/v1/doc//2',
    '/v1/doc/1/2/3',
    '/start/@a',
    '/start/log',
    '/start',
    '/v2',

    '/V1',
  ],
  ['/constructor', '/__proto__/x', '//', '/v1//account'],
);

it.each(['GET', 'POST', 'DELETE', 'ALL', 'PURGE'])(
  '%s finds the same handlers and parameters as the router of Hono',
  (method) => {
    for (const path of paths) {
      const [expected, found] = routers.map((router) => {
        const [handlers, values] = router.match(method, path);
        return handlers.map(([handler, params]) => [
          handler,
          Object.fromEntries(
            Object.entries(params).map(([name, value]) => [name, values ? values[value as number] : value]),
          ),
        ]);
      });
      expect([path, found]).toEqual([path, expected]);
    }
  },
);

it('has one router for all methods and paths that are in no route', () => {
  const router = new SegmentRouter<string>();
  router.add('ALL', '/*', 'a');
  for (let index = 0; index < 1_000; index++) expect(router.match(`M${index}`, `/${index}`)[0]).toHaveLength(1);
  expect(router.size).toBe(1);
});
