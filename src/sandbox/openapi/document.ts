import { scopes } from '../../protocol/scopes.js';
import { version } from '../../protocol/version.js';
import { scopeDescriptions } from '../oauth/scopes.js';
import { corePaths } from './core-paths.js';
import { oauthPaths } from './oauth-paths.js';
import type { Part } from './operation.js';
import { componentSchemas } from './schemas.js';
import { viewPaths } from './view-paths.js';

/**
 * The Core API and the View API as an OpenAPI 3.1 document. The build asks a sandbox for it, and makes `dist/openapi.json` of it.
 * @param origin the server, such as `https://my.doctape.com`
 */
export function openApiDocument(origin: string): Part {
  const flow = {
    authorizationUrl: `${origin}/oauth2`,
    scopes: Object.fromEntries(scopes.map((scope) => [scope, scopeDescriptions[scope]])),
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'doctape',
      version,
      summary: 'The API of doctape, a cloud-file service of 2012 to 2014',
      description: 'Responses may have more fields than this document lists.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: origin }],
    tags: [
      { name: 'oauth', description: 'Sign-in by OAuth 2.0.' },
      { name: 'account', description: 'The account of the user.' },
      { name: 'files', description: 'Files, and their public links.' },
      { name: 'tapes', description: 'Collections of files.' },
      { name: 'view', description: 'The View API, for applications without a user who signs in.' },
    ],
    paths: { ...oauthPaths, ...corePaths, ...viewPaths },
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        oauth: {
          type: 'oauth2',
          description: 'The token in the `Authorization` header.',
          flows: { authorizationCode: { ...flow, tokenUrl: `${origin}/oauth2/token` }, implicit: flow },
        },
        accessToken: {
          type: 'apiKey',
          in: 'query',
          name: 'access_token',
          description: 'The token in the query, for links. Servers log it.',
        },
        auth: {
          type: 'apiKey',
          in: 'query',
          name: 'auth',
          description: 'The HMAC-SHA1 of the id with the secret of the application, in hexadecimal.',
        },
        multiauth: {
          type: 'apiKey',
          in: 'query',
          name: 'multiauth',
          description: 'The advanced signature, over `app`, `target` (the id), `expires` and `scope`.',
        },
      },
    },
  };
}
