/** The method and the redacted URL, for messages. */
export function operationOf(method: string, url: URL): string {
  return `${method} ${redactedUrl(url)}`;
}

/** A URL for messages and hooks: without its query, which can contain credentials. */
export function redactedUrl(url: URL): string {
  return url.origin + url.pathname;
}

/** The remedy if the server is doctape itself, which is retired. Empty for other servers. */
export function serverHint(operation: string): string {
  const [, path] = /^\w+ https:\/\/(?:api|my)\.doctape\.com\/(\w*)/.exec(operation) ?? [];
  if (path === undefined) return '';
  const option = path === 'oauth2' ? 'tokenEndpoint' : 'baseUrl';
  return `; doctape was retired in 2014: set the option ${option} to another server, or in a test, \`fetch\` to sandbox.fetch`;
}
