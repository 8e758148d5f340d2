import { submitLoginForm } from '../../../src/cli/commands/login-form.ts';

/**
 * Signs in as alice where an authorization URL leads to, or, where that is doctape itself, at the sandbox in its place.
 * @returns the callback
 */
export function signInAt(url: string | URL, sandbox: string): Promise<URL> {
  const { pathname, search } = new URL(url);
  const answers = { username: 'alice', password: 'wonderland', decision: 'allow' } as const;
  return submitLoginForm(new URL(pathname + search, sandbox), answers);
}
