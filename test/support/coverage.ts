import type { CoverageProviderModule } from 'vitest/node';

// What the tests in Node reach, by V8. Vitest itself would not begin with that as soon as there is a Firefox, which has no V8;
// with this, pages are left alone.

const inPage = 'document' in globalThis;
const v8 = '@vitest/coverage-v8'; // by way of a name, so that no page asks for it

const coverage: Partial<CoverageProviderModule> = inPage ? {} : (await import(/* @vite-ignore */ v8)).default;
export default coverage;
