import { at } from './moment.js';

// A hand-written router of ten lines. It pushes a history entry to correct the hash.

at('before');
if (!location.hash.startsWith('#/')) location.hash = `/${location.hash.slice(1)}`;
at('created');
const pages = { '/': 'home', '/about': 'about' };
function show() {
  const heading = document.createElement('h1');
  heading.textContent = pages[location.hash.slice(1) || '/'] ?? 'not found';
  const link = Object.assign(document.createElement('a'), { href: '#/about', textContent: 'about us' });
  document.getElementById('app').replaceChildren(heading, link);
}
addEventListener('hashchange', show);
at('rendering');
show();
at('ready');
globalThis.started = true;
