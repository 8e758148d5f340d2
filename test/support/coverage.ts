import type { CoverageProviderModule } from 'vitest/node';

// Coverage of the tests in Node, by V8. Vitest refuses V8 coverage if there is a Firefox project. This provider does nothing in
// browsers.

const inPage = 'document' in globalThis;
const v8 = '@vitest/coverage-v8'; // a variable, so that browsers do not request it

const coverage: Partial<CoverageProviderModule> = inPage ? {} : (await import(/* @vite-ignore */ v8)).default;
export default coverage;
