import { createElement as h, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter, HashRouter, Link, Route, Switch } from 'react-router-dom-5';
import { at } from './moment.js';

at('before');
const hashType = location.search.includes('hashbang') ? 'hashbang' : 'slash';
const isPath = location.pathname.startsWith('/path');
function App() {
  at('rendering');
  useEffect(() => {
    at('ready');
    globalThis.started = true;
  }, []);
  return h(
    isPath ? BrowserRouter : HashRouter,
    isPath ? { basename: '/path' } : { hashType },
    h(
      Switch,
      null,
      h(Route, { exact: true, path: '/' }, h('h1', null, 'home')),
      h(Route, { path: '/about' }, h('h1', null, 'about')),
      h(Route, null, h('h1', null, 'not found')),
    ),
    h(Link, { to: '/about' }, 'about us'),
    h(Late),
  );
}
/** Rendered inside the router: its history has been created. */
function Late() {
  at('created');
  return null;
}
createRoot(document.getElementById('app')).render(h(App));
