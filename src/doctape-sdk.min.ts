// Everything for browsers in one file, for pages without a bundler: `dist/doctape-sdk.min.js`.
export * from './browser.js';
export * from './index.js';
