import { type Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { constantTimeEqual } from '../../protocol/constant-time-equal.js';
import { outOfBand } from '../../protocol/endpoints.js';
import { formBody } from '../core/body.js';
import type { SandboxUser } from '../core/config.js';
import type { SandboxContext, SandboxEnv } from '../core/context.js';
import { Failure } from '../core/failure.js';
import { isKnownOwnMachine } from '../pages/own-machine.js';
import { showPage } from '../pages/show-page.js';
import { startPageLink } from '../pages/start-page-link.js';
import { wantsPage } from '../pages/wants-page.js';
import { type AuthorizationRequest, approve, decline, type Refusal, readAuthorization } from './authorization.js';
import { consentPage, outOfBandPage } from './consent-page.js';
import { refusalPage } from './refusal-page.js';
import { exchangeCode } from './token-endpoint.js';
import { nextCommand } from './try-it.js';

const cookieName = 'doctape_sandbox_csrf';

/** `/oauth2` and `/oauth2/token` (wire document section 2). */
export function oauthRoutes(context: SandboxContext, autoApprove: SandboxUser | undefined): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();

  routes.get('/', async (c) => {
    const request = await readRequest(c);
    if (request instanceof Response) return request;
    if (autoApprove) return respond(c, request, await approve(context, request, autoApprove));
    return showConsent(c, request, {}, 200);
  });

  routes.post('/', async (c) => {
    const request = await readRequest(c);
    if (request instanceof Response) return request;
    const form = await formBody(c);
    const csrf = getCookie(c, cookieName);
    if (!csrf || !constantTimeEqual(csrf, form.get('csrf') ?? '')) {
      return showConsent(
        c,
        request,
        { problem: 'This page has expired or was opened from another site. Please try again.' },
        403,
      );
    }
    const decision = form.get('decision');
    if (decision === 'deny') return respond(c, request, decline(request));
    const username = form.get('username') ?? '';
    const user = context.users.get(username);
    if (decision !== 'allow' || !user || !constantTimeEqual(form.get('password') ?? '', user.password)) {
      return showConsent(c, request, { username, problem: 'The username or the password is wrong.' }, 403);
    }
    return respond(c, request, await approve(context, request, user));
  });

  routes.post('/token', async (c) => {
    c.header('Cache-Control', 'no-store');
    c.header('Pragma', 'no-cache');
    const { status, body } = await exchangeCode(context, await formBody(c));
    return c.json(body, status);
  });
  routes.all('/token', () => {
    throw new Failure(405, 'the token endpoint accepts only POST', { Allow: 'POST' });
  });

  async function readRequest(c: Context): Promise<AuthorizationRequest | Response> {
    const check = readAuthorization(context, new URL(c.req.url));
    if ('request' in check) return check.request;
    if ('refused' in check) return showRefusal(c, check);
    return check.redirect.startsWith(outOfBand)
      ? showOutOfBand(c, parametersIn(check.redirect))
      : c.redirect(check.redirect, 303);
  }

  return routes;
}

/** Sends a page to a browser and JSON to other clients. */
function showRefusal(c: Context, refusal: Refusal): Response | Promise<Response> {
  if (!wantsPage(c)) return c.json(refusal.refused, 400);
  const link = startPageLink(c, 'Applications of this sandbox');
  return showPage(c, (nonce) => refusalPage(refusal, link, nonce), 400);
}

/** Sends the consent page. Its CSRF token must come back both in the form and in the cookie. */
function showConsent(
  c: Context,
  request: AuthorizationRequest,
  values: { username?: string; problem?: string },
  status: 200 | 403,
): Response | Promise<Response> {
  const csrf = getCookie(c, cookieName) || crypto.randomUUID(); // all tabs share it
  setCookie(c, cookieName, csrf, {
    path: '/oauth2',
    httpOnly: true,
    sameSite: 'Lax',
    secure: c.req.url.startsWith('https:'),
  });
  const { pathname, search } = new URL(c.req.url);
  const action = pathname + withoutCredentials(search);
  const link = startPageLink(c, 'Users and passwords of this sandbox');
  return showPage(c, (nonce) => consentPage({ request, action, csrf, nonce, link, ...values }), status);
}

/**
 * The query without credentials, because pages get into caches and screenshots. All else is kept byte for byte: some
 * clients do not encode it.
 */
function withoutCredentials(search: string): string {
  const credential = /^(?:client_secret|access_token|refresh_token|code|username|password)(?:=|$)/i;
  const kept = search
    .slice(1)
    .split('&')
    .filter((pair) => !credential.test(pair));
  return kept.length > 0 ? `?${kept.join('&')}` : '';
}

function respond(c: Context, request: AuthorizationRequest, uri: string): Response | Promise<Response> {
  c.header('Cache-Control', 'no-store');
  c.header('Referrer-Policy', 'no-referrer');
  // 303, because a browser repeats the POST with the password after a 307 (RFC 9700 section 4.12)
  if (request.redirectUri !== outOfBand) return c.redirect(uri, 303);
  const response = parametersIn(uri);
  // the command contains the secret of the application
  return showOutOfBand(c, response, isKnownOwnMachine(c) ? nextCommand(request, response) : undefined);
}

function parametersIn(uri: string): URLSearchParams {
  return new URLSearchParams(uri.split(/[?#]/, 2)[1]);
}

function showOutOfBand(c: Context, response: URLSearchParams, command?: string): Response | Promise<Response> {
  return showPage(c, (nonce) => outOfBandPage(response, command, nonce), 200, { script: command !== undefined });
}
