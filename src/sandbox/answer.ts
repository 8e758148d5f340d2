import type { Context } from 'hono';

/** The envelope (wire document section 3.0). */
export function success(c: Context, result: unknown): Response {
  return c.json({ error: null, result });
}

export type FailureStatus = 400 | 401 | 403 | 404 | 413 | 416 | 500;

const reasons: Record<FailureStatus, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Payload Too Large',
  416: 'Range Not Satisfiable',
  500: 'Internal Server Error',
};

/** What went wrong with a request, thrown from wherever it is found out. */
export class Failure extends Error {
  readonly status: FailureStatus;
  readonly headers: Record<string, string>;

  constructor(status: FailureStatus, detail?: string, headers: Record<string, string> = {}) {
    super(detail ? `${reasons[status]}: ${detail}` : reasons[status]);
    this.status = status;
    this.headers = headers;
  }
}

export function failure(c: Context, { status, message, headers }: Failure): Response {
  return c.json({ error: { code: status, message }, result: null }, status, headers);
}
