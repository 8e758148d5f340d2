import { expect } from 'vitest';
import type { Visitor } from './visitor.js';

/**
 * Checks that an upload with a malformed header is refused as a mistake of its sender, and that nothing is stored or logged.
 *
 * @param path the route for uploads
 * @param headers sent with each of them
 */
export async function checkInvalidUploads(
  someone: Visitor,
  path: string,
  headers: Record<string, string> = {},
): Promise<void> {
  const cases = [
    [{ 'content-type': 'nonsense' }, 'The Content-Type or the Content-Length is not valid.'],
    [{ 'content-type': 'text/plain, text/html' }, 'The Content-Type or the Content-Length is not valid.'],
    [{ 'content-type': 'multipart/form-data; boundary=x' }, 'Send the file as the request body, not as a form.'],
  ] as const;
  for (const [wrong, text] of cases) {
    const response = await someone.post(`${path}?name=refused.txt`, 'text', {
      accept: 'text/plain',
      'content-length': '4',
      ...headers,
      ...wrong,
    });
    expect([response.status, await response.text()], wrong['content-type']).toEqual([
      400,
      expect.stringContaining(text),
    ]);
  }
}
