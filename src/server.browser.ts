// The stub that browser bundles get instead of `doctape-sdk/server`.
export { AuthorizationCodeClient, createTokenSeal } from './oauth/authorization-code/browser-stub.js';
