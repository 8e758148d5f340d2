import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Lets worker threads run the sources: Node strips the types, and this hook resolves `name.js` to `name.ts`. Vite does both for
 * the tests, but not in the threads that they start.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!/^(\.{1,2}\/|file:).*\.js$/.test(specifier)) return nextResolve(specifier, context);
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    const isSource = source.protocol === 'file:' && existsSync(fileURLToPath(source));
    return nextResolve(isSource ? source.href : specifier, context);
  },
});
