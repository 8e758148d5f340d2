import { randomText } from '../../protocol/random.js';
import type { Content } from './source.js';

/** One file of an upload. */
export interface Part {
  name: string;
  type: string;
  content: Content;
}

/** Text fields of a form, by name. */
export type Fields = Readonly<Record<string, string>>;

export interface Multipart {
  contentType: string;
  /** The size of the whole body in bytes, if the sizes of all parts are known. */
  length: number | undefined;
  /** @param onContent called after each chunk of content, and with `all` after the last one */
  chunks(onContent: (bytes: number, all: boolean) => void): AsyncGenerator<Uint8Array<ArrayBuffer>>;
}

const encoder = new TextEncoder();

/**
 * Frames parts as `multipart/form-data` (RFC 7578) chunk by chunk. `FormData` does not stream: `fetch` reads it in
 * chunks of 64 KiB and keeps what it has sent.
 */
export function multipart(parts: readonly Part[], field: string, fields: Fields = {}): Multipart {
  const boundary = `doctape-${randomText()}`;
  const texts = Object.entries(fields).map(
    ([name, text]) => `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"\r\n\r\n${text}\r\n`,
  );
  const opening = encoder.encode(texts.join(''));
  const heads = parts.map(({ name, type }, index) =>
    encoder.encode(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\n` +
        `Content-Disposition: form-data; name="${field}"; filename="${escapeName(name)}"\r\n` +
        `Content-Type: ${type}\r\n\r\n`,
    ),
  );
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  const framing = heads.reduce((sum, head) => sum + head.byteLength, opening.byteLength + tail.byteLength);
  const size = sizeOf(parts);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: size === undefined ? undefined : size + framing,
    async *chunks(onContent) {
      if (opening.byteLength > 0) yield opening;
      for (const [index, { content }] of parts.entries()) {
        yield heads[index] as Uint8Array<ArrayBuffer>;
        for await (const chunk of content.read()) {
          yield chunk;
          onContent(chunk.byteLength, false);
        }
      }
      onContent(0, true);
      yield tail;
    },
  };
}

/** The size of all contents in bytes, without the framing, if known. */
export function sizeOf(parts: readonly Part[]): number | undefined {
  return parts.reduce<number | undefined>(
    (sum, { content }) => (sum === undefined || content.size === undefined ? undefined : sum + content.size),
    0,
  );
}

/** Escapes a file name like browsers (HTML standard, multipart/form-data encoding algorithm). */
function escapeName(name: string): string {
  return escapeControls(name).replace(/"/g, '%22');
}

/**
 * Escapes control characters, which are not allowed in headers (RFC 9110 section 5.5). Browsers send most of them unescaped, and
 * servers then refuse the part.
 */
export function escapeControls(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches control characters on purpose
  return name.toWellFormed().replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
