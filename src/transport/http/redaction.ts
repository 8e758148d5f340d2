/** What is being asked, for messages. */
export function operationOf(method: string, url: URL): string {
  return `${method} ${redactedUrl(url)}`;
}

/** A URL for messages and hooks: without its query, which is where credentials travel. */
export function redactedUrl(url: URL): string {
  return url.origin + url.pathname;
}

/** What to do if the server of an operation is doctape itself, which is gone. Otherwise empty. */
export function serverHint(operation: string): string {
  const [, path] = /^\w+ https:\/\/(?:api|my)\.doctape\.com\/(\w*)/.exec(operation) ?? [];
  if (path === undefined) return '';
  const option = path === 'oauth2' ? 'tokenEndpoint' : 'baseUrl';
  return `; doctape was retired in 2014: name another server with the option ${option}`;
}
