/** The file name of a download (RFC 6266), or the last segment of its URL. */
export function nameOfResponse({ headers, url }: Response): string | undefined {
  const parameters = parametersOf(headers.get('content-disposition') ?? '');
  const filename = unescaped(parameters.get('filename*')) ?? parameters.get('filename');
  const last = URL.canParse(url) ? new URL(url).pathname.split('/').at(-1) : undefined;
  return (filename && asUtf8(filename)) || decoded(last) || undefined;
}

/** The parameters of a `Content-Disposition` header. The first one of a name counts, and a string without an end is ignored. */
function parametersOf(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, key = '', quoted, plain = ''] of header.matchAll(
    /;([^;=]*)=[ \t]*(?:"((?:[^"\\]|\\.)*)"|".*|([^;]*))/g,
  )) {
    const name = key.trim().toLowerCase();
    if (!parameters.has(name)) parameters.set(name, quoted?.replace(/\\(.)/g, '$1') ?? plain.trim());
  }
  return parameters;
}

/** The bytes of an extended value, one character for each (RFC 8187): `UTF-8''a%20b`. */
function unescaped(value: string | undefined): string | undefined {
  const [, text] = /^(?:utf-?8|iso-8859-1)'[^']*'((?:[^%]|%[\da-f]{2})*)$/i.exec(value ?? '') ?? [];
  return text?.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Decodes a name that the server sent as UTF-8. Headers are always read as Latin-1. */
function asUtf8(text: string): string {
  if (!/^[\0-\xff]*$/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(text, (each) => each.charCodeAt(0)));
  } catch {
    return text; // it is Latin-1
  }
}

function decoded(value: string | undefined): string | undefined {
  if (!value) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // not percent-encoded
  }
}
