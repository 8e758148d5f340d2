import type { FileInfo } from 'doctape-sdk';

/** Headers of a download (RFC 6266). Always an attachment: an uploaded HTML file must not run with the origin of this application. */
export function attachmentHeaders({ name, extension, size }: FileInfo): HeadersInit {
  const fileName = extension === '' ? name : `${name}.${extension}`;
  const encoded = encodeURIComponent(fileName.toWellFormed()).replace(/['()*]/g, escapeCharacter);
  return {
    'Content-Disposition': `attachment; filename*=UTF-8''${encoded}`,
    'Content-Length': String(size),
    'Content-Type': 'application/octet-stream',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  };
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
