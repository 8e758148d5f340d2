/** What is being asked, for messages. */
export function operationOf(method: string, url: URL): string {
  return `${method} ${redactedUrl(url)}`;
}

/** A URL for messages and hooks: without its query, which is where credentials travel. */
export function redactedUrl(url: URL): string {
  return url.origin + url.pathname;
}
