import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

// Vitest imports jsdom and happy-dom from the folder that it is installed in. In these projects it is a link.

registerHooks({
  resolve: (name, context, next) =>
    next(
      name,
      ['jsdom', 'happy-dom'].includes(name) ? { ...context, parentURL: `${pathToFileURL(process.cwd())}/` } : context,
    ),
});
