import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { forwardProxy } from '../support/forward-proxy.js';
import { freePort } from '../support/free-port.js';
import { inRepository } from '../support/paths.js';
import { allScopes, served, tokenFor } from '../support/sandbox.js';
import { secureServer } from '../support/secure-server.js';

// Runs a program that uses the SDK with the environment variables in docs/proxies.md.

const run = promisify(execFile);
const { url: sandboxUrl, sandbox } = await served();
const { access_token } = await tokenFor(sandbox, 'alice', allScopes, sandboxUrl);

const program = `
  import { ApiClient } from 'doctape-sdk';
  const api = new ApiClient({ token: process.env.TOKEN, baseUrl: process.env.BASE_URL, retry: false });
  try {
    const { id } = await api.files.upload(new Blob(['hello']), { name: 'notes.txt' });
    console.log(await (await api.files.download(id)).text());
  } catch ({ name, reason }) {
    console.log(name, reason);
  }`;

async function runWith(baseUrl: string, env: Record<string, string>): Promise<string> {
  const options = { cwd: inRepository(), env: { TOKEN: access_token, BASE_URL: baseUrl, ...env } };
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], options);
  return stdout.trim();
}

it('NODE_USE_ENV_PROXY sends requests through the proxy', async () => {
  const proxy = await forwardProxy();
  const { url } = proxy;
  expect(await runWith(`${sandboxUrl}/v1`, { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, HTTPS_PROXY: url })).toBe(
    'hello',
  );
  expect(proxy.requests.join()).toContain(new URL(sandboxUrl).host);
});

it('the error names the reason if the proxy is unreachable', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, HTTPS_PROXY: url };
  expect(await runWith(`${sandboxUrl}/v1`, env)).toBe('NetworkError ECONNREFUSED');
});

it('NODE_EXTRA_CA_CERTS adds a trusted certificate, and the error names the reason without it', async () => {
  const baseUrl = `${await secureServer(`${sandboxUrl}/v1`)}/v1`;
  const certificate = inRepository('test/fixtures/tls/certificate.pem');
  expect(await runWith(baseUrl, { NODE_EXTRA_CA_CERTS: certificate })).toBe('hello');
  expect(await runWith(baseUrl, {})).toBe('NetworkError DEPTH_ZERO_SELF_SIGNED_CERT');
});
