import type { ContentfulStatusCode } from 'hono/utils/http-status';

const reasons: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  416: 'Range Not Satisfiable',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
};

/** An error response: code that handles a request throws it. */
export class Failure extends Error {
  readonly status: ContentfulStatusCode;
  readonly detail: string | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, detail?: string, headers: Record<string, string> = {}) {
    const reason = reasons[status] ?? 'Failure';
    super(detail ? `${reason}: ${detail}` : reason);
    this.status = status as ContentfulStatusCode; // hono's name for a status whose response may have a body
    this.detail = detail;
    this.headers = headers;
  }
}
