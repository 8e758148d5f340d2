export interface CookieJar {
  /** The name of the cookie with the token. */
  readonly tokenName: string;
  /** The cookies that the browser sent, by name. It sends the oldest first. */
  read(request: Request): Map<string, string>;
  /** The header that makes the browser keep a value. */
  write(name: string, value: string, maxAge: number): ['Set-Cookie', string];
  clear(name: string): ['Set-Cookie', string];
  /**
   * Clears the sign-ins that were given up, except the last three: the header of the cookies would grow with each attempt, until
   * it is too large for servers.
   */
  clearOldSignIns(request: Request): ['Set-Cookie', string][];
}

/** Cookies that no script can read and no other site can send along with a POST. */
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
    // Over https it gets a name that no other host, not even a neighbour of the same domain, can set.
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
