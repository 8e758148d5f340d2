import { createElement as h, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { createBrowserRouter, createHashRouter, Link, Outlet } from 'react-router-7';
import { RouterProvider } from 'react-router-7/dom';
import { at } from './moment.js';

at('before');
function Frame() {
  at('rendering');
  useEffect(() => {
    at('ready');
    globalThis.started = true;
  }, []);
  return [h(Outlet, { key: 1 }), h(Link, { key: 2, to: '/about' }, 'about us')];
}
const routes = [
  {
    element: h(Frame),
    children: [
      { path: '/', element: h('h1', null, 'home') },
      { path: '/about', element: h('h1', null, 'about') },
      { path: '*', element: h('h1', null, 'not found') },
    ],
  },
];
const router = location.pathname.startsWith('/path')
  ? createBrowserRouter(routes, { basename: '/path' })
  : createHashRouter(routes);
at('created');
createRoot(document.getElementById('app')).render(h(RouterProvider, { router }));
