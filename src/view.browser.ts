// The stub that browser bundles get instead of `doctape-sdk/view`.
export { ViewClient } from './view/browser-stub.js';
