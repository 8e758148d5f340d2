import { submitLoginForm } from '../../../src/cli/commands/login-form.ts';

/**
 * Signs in as alice, at the sandbox, with an authorization URL of the sandbox or of doctape.
 * @returns the callback URL
 */
export function signInAt(url: string | URL, sandbox: string): Promise<URL> {
  const { pathname, search } = new URL(url);
  const input = { username: 'alice', password: 'wonderland', decision: 'allow' } as const;
  return submitLoginForm(new URL(pathname + search, sandbox), input);
}
