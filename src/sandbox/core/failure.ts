import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { StoreFullError } from '../store/store.js';

const reasons: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Payload Too Large',
  416: 'Range Not Satisfiable',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
};

/** What went wrong with a request, thrown from wherever it is found out. */
export class Failure extends Error {
  readonly status: ContentfulStatusCode;
  readonly detail: string | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, detail?: string, headers: Record<string, string> = {}) {
    const reason = reasons[status] ?? 'Failure';
    super(detail ? `${reason}: ${detail}` : reason);
    this.status = status as ContentfulStatusCode; // hono's name for one that may have a body
    this.detail = detail;
    this.headers = headers;
  }
}

/** What a client is told of an error, if it is one that it can do something about. */
export function failureOf(error: Error): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof StoreFullError)
    return new Failure(507, 'the disk of the sandbox is full: delete files, or make room on the disk');
  return undefined;
}
