export interface CookieJar {
  /** The name of the cookie with the token. */
  readonly tokenName: string;
  /** The cookies of a request, by name. Browsers send the oldest first. */
  read(request: Request): Map<string, string>;
  /** The header that stores a cookie. @param maxAge seconds */
  write(name: string, value: string, maxAge: number): ['Set-Cookie', string];
  clear(name: string): ['Set-Cookie', string];
  /**
   * The headers that clear all but the last three abandoned sign-ins. Otherwise the Cookie header would grow with each attempt
   * until servers reject it.
   */
  clearOldSignIns(request: Request): ['Set-Cookie', string][];
}

/** Creates cookies that scripts cannot read and that browsers do not send with POST requests of other sites. */
export function cookieJar(publicUrl: URL): CookieJar {
  const secure = publicUrl.protocol === 'https:';
  const read: CookieJar['read'] = (request) => {
    const pairs = request.headers.get('cookie')?.split('; ') ?? [];
    return new Map(pairs.map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]));
  };
  const write: CookieJar['write'] = (name, value, maxAge) => [
    'Set-Cookie',
    `${name}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
  ];
  const clear: CookieJar['clear'] = (name) => write(name, '', 0);
  return {
    // With the prefix __Host-, other hosts cannot set the cookie, not even subdomains of the same domain. It needs https.
    tokenName: secure ? '__Host-token' : 'token',
    read,
    write,
    clear,
    clearOldSignIns(request) {
      const begun = Array.from(read(request).keys()).filter((name) => /^(__Host-)?doctape-/.test(name));
      return begun.slice(0, -3).map(clear);
    },
  };
}
