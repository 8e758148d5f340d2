/** Checks the environment variable `BASE`: the path under which the site is served, `/` by default. */
export function basePath(base = '/'): `/${string}/` | '/' {
  if (!/^\/(?:(?!\.{1,2}\/)[\w.~-]+\/)*$/.test(base))
    throw new Error(
      `BASE is ${JSON.stringify(base)}: pass a path that starts and ends with a slash and has no . or .. in it, such as /doctape-sdk/`,
    );
  return base as `/${string}/`;
}
