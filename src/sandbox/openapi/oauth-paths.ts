import { json, object, type Part, parameter, ref, response } from './operation.js';

// wire document section 2

const text = { type: 'string' };
const page = { 'text/html': { schema: text } };

/** The paths of the sign-in. */
export const oauthPaths: Part = {
  '/oauth2': {
    get: {
      tags: ['oauth'],
      operationId: 'authorize',
      summary: 'The page on which the user signs in',
      description: 'Open it in a browser. It redirects to `redirect_uri` with a code, a token or an error.',
      parameters: [
        { ...parameter('query', 'client_id', text, 'The id of the application.'), required: true },
        {
          ...parameter('query', 'response_type', { enum: ['code', 'token'] }, '`code` for servers, `token` for pages.'),
          required: true,
        },
        { ...parameter('query', 'redirect_uri', text, 'Where the user is sent back to.'), required: true },
        parameter('query', 'scope', text, 'Scopes, separated by spaces. Without it: `account.read`.'),
        parameter('query', 'state', text, 'A random text, which comes back unchanged.'),
        parameter('query', 'code_challenge', text, 'PKCE (RFC 7636). doctape did not know it; the sandbox does.'),
        parameter('query', 'code_challenge_method', { const: 'S256' }, 'PKCE.'),
      ],
      security: [],
      responses: {
        200: response('The sign-in page.', page),
        303: { description: 'An error, or no page was needed.', headers: { Location: { schema: text } } },
        400: response('The application or its redirect URI is unknown.', { ...json(ref('OAuthFailure')), ...page }),
        default: response('Any other failure.', json({ anyOf: [ref('OAuthFailure'), ref('Failure')] })),
      },
    },
  },
  '/oauth2/token': {
    post: {
      tags: ['oauth'],
      operationId: 'exchangeCode',
      summary: 'Exchange an authorization code for an access token',
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              ...object({
                grant_type: { const: 'authorization_code' },
                code: text,
                client_id: text,
                redirect_uri: text,
              }),
              properties: {
                grant_type: { const: 'authorization_code' },
                code: text,
                client_id: text,
                client_secret: { type: 'string', description: 'Absent for applications without a secret.' },
                redirect_uri: text,
                code_verifier: { type: 'string', description: 'PKCE.' },
              },
            },
          },
        },
      },
      security: [],
      responses: {
        200: response('The token.', json(ref('Token'))),
        400: response('The code or the credentials are wrong.', json(ref('OAuthFailure'))),
        413: response('The form is too large.', json(ref('OAuthFailure'))),
        default: response('Any other failure.', json({ anyOf: [ref('OAuthFailure'), ref('Failure')] })),
      },
    },
  },
};
