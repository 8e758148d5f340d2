import { expect } from 'vitest';
import type { Sandbox } from '../../src/sandbox.js';
import { origin } from './sandbox.js';

/** A request of a test. */
export interface TestRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | ReadableStream;
}

export interface TestResponse {
  status: number;
  headers: Headers;
  text: string;
  /** The `result` of its envelope, if it has one. */
  result: unknown;
}

/** Sends a request to the sandbox, and checks that the response has a documented form and is not a server error. */
export async function fetchChecked(
  sandbox: Sandbox,
  { method = 'GET', path, headers = {}, body }: TestRequest,
): Promise<TestResponse> {
  const init = { method, headers, ...(body !== undefined && { body, duplex: 'half' }) };
  const response = await sandbox.fetch(new Request(origin + path, init as RequestInit));
  const { status } = response;
  const text = await response.text();
  expect([status, text]).toSatisfy(([code]: [number]) => code >= 200 && code < 500);
  if (status >= 400 && !/^\/oauth2\b/.test(path)) {
    expect(response.headers.get('content-type')).toBe('application/json');
    const message: unknown = expect.any(String);
    expect(JSON.parse(text)).toEqual({ error: { code: status, message }, result: null });
  }
  if (status !== 200 || response.headers.get('content-type') !== 'application/json') {
    return { status, headers: response.headers, text, result: undefined };
  }
  const envelope: unknown = JSON.parse(text);
  expect(envelope).toMatchObject({ error: null });
  const result =
    typeof envelope === 'object' && envelope !== null && 'result' in envelope ? envelope.result : undefined;
  return { status, headers: response.headers, text, result };
}
