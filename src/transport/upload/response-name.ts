import { parse } from 'content-disposition';

/** The file name of a download (RFC 6266), or the last segment of its URL. */
export function nameOfResponse(response: Response): string | undefined {
  const { filename } = parse(response.headers.get('content-disposition') ?? '').parameters;
  const last = URL.canParse(response.url) ? new URL(response.url).pathname.split('/').at(-1) : undefined;
  return (filename && asUtf8(filename)) || decoded(last) || undefined;
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
