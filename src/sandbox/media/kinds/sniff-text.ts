import { type Bytes, readPart } from '../reading/bytes.js';
import type { Content } from './decide-kind.js';

const headBytes = 4096;

/** Formats that are text, by how it begins. */
const signatures: [start: RegExp, type: string][] = [
  [/^%PDF-/, 'application/pdf'],
  [/^%!PS-Adobe-[\d.]+ EPSF/, 'application/eps'],
  [/^%!PS/, 'application/postscript'],
  [/^\{\\rtf/, 'application/rtf'],
  [/^BEGIN:VCARD/i, 'text/vcard'],
  [/^BEGIN:VCALENDAR/i, 'text/calendar'],
  [/^WEBVTT(\s|$)/, 'text/vtt'],
  [/^(<[?!][^>]*>\s*)*<svg[\s>]/i, 'image/svg+xml'],
  [/^(<[?!][^>]*>\s*)*<html[\s>]/i, 'text/html'],
  [/^<\?xml\s/, 'application/xml'],
];

/**
 * Recognizes text, which most small files are, without loading a library.
 * @returns undefined if the content is not text
 */
export async function sniffText(bytes: Bytes): Promise<Content | undefined> {
  if (bytes.size === 0) return undefined;
  const text = decode(await readPart(bytes, 0, headBytes));
  if (text === undefined) return undefined;
  const start = text.trimStart();
  const type = signatures.find(([pattern]) => pattern.test(start))?.[1];
  return { isText: true, ...(type !== undefined && { type }) };
}

function decode(head: Uint8Array): string | undefined {
  const encoding =
    head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8';
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true }); // it can end within a character
    // biome-ignore lint/suspicious/noControlCharactersInRegex: text has none but white space and escape sequences
    return /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
