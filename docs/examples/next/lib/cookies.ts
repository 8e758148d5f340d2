export interface CookieJar {
  /** The value that the browser sent, or the empty string. */
  read(request: Request, name: string): string;
  /** The header that makes the browser keep a value. */
  write(name: string, value: string, maxAge: number): ['Set-Cookie', string];
  clear(name: string): ['Set-Cookie', string];
}

/** Cookies that no script can read and no other site can send along with a POST. */
export function cookieJar(publicUrl: URL): CookieJar {
  // Over https they get a name that no other host, not even a neighbour of the same domain, can set.
  const secure = publicUrl.protocol === 'https:';
  const nameOf = (name: string) => (secure ? `__Host-${name}` : name);
  const write: CookieJar['write'] = (name, value, maxAge) => [
    'Set-Cookie',
    `${nameOf(name)}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
  ];
  return {
    read(request, name) {
      const cookies = request.headers.get('cookie')?.split('; ') ?? [];
      return cookies.find((other) => other.startsWith(`${nameOf(name)}=`))?.slice(nameOf(name).length + 1) ?? '';
    },
    write,
    clear: (name) => write(name, '', 0),
  };
}
