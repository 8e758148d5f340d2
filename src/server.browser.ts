// What a browser bundle gets in place of `doctape-sdk/server`.
export { AuthorizationCodeClient, createTokenSeal } from './oauth/authorization-code/no-server-here.js';
