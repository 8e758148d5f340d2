import { at } from './moment.js';

// A router of ten lines, as they are written by hand. It pushes an entry to correct the hash.

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
