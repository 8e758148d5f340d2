import type { LoggedRequest } from './request-log.js';

/** A request in the log of the start page. */
export interface RecentRequest extends LoggedRequest {
  /** Different from that of every other request, also of those before a restart. */
  id: string;
}

/** The last requests, for the start page. */
export interface RecentRequests {
  add(request: LoggedRequest): void;
  newestFirst(): RecentRequest[];
}

const maxRequests = 100;
const maxPathLength = 300;

export function recentRequests(): RecentRequests {
  const requests: LoggedRequest[] = []; // the request with number n is at n % maxRequests
  let run: string | undefined; // not every runtime has random numbers before the first request
  let count = 0;
  return {
    add(request) {
      const { path } = request;
      requests[count++ % maxRequests] =
        path.length > maxPathLength ? { ...request, path: `${path.slice(0, maxPathLength)}…` } : request;
    },
    newestFirst() {
      run ??= crypto.randomUUID().slice(0, 8);
      const oldest = count % maxRequests; // or the end, if there are fewer
      const ordered = [...requests.slice(oldest), ...requests.slice(0, oldest)];
      return ordered.reverse().map((request, age) => ({ ...request, id: `request-${run}-${count - age}` }));
    },
  };
}
