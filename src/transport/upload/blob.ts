import { byteReader, plainBytes } from '../http/byte-reader.js';

/** A Blob or File: of this realm, of an iframe, of jsdom or happy-dom, of a polyfill. Not all can do everything. */
export function isBlob(value: unknown): value is Blob {
  if (typeof value !== 'object' || value === null || !('size' in value && 'type' in value && 'slice' in value))
    return false;
  return typeof value.size === 'number' && typeof value.type === 'string' && typeof value.slice === 'function';
}

/**
 * The same content as a Blob of this realm, where the platform takes it for a Blob. One of an iframe is: as a Blob of ours it
 * can be read after the iframe is gone.
 */
export function nativeBlob(blob: Blob): Blob | undefined {
  if (typeof Blob === 'function' && blob instanceof Blob) return blob;
  try {
    new FormData().append('file', blob, ''); // refuses what only looks like one
    return new Blob([blob], { type: blob.type });
  } catch {
    return undefined;
  }
}

/** All bytes of a Blob. That of jsdom has none of the methods that give them: there, a FileReader has to. */
export async function bytesIn(blob: Blob): Promise<Uint8Array> {
  if (typeof blob.arrayBuffer === 'function') return new Uint8Array(await blob.arrayBuffer());
  if (typeof blob.stream === 'function') return gathered(blob);
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(new Uint8Array(reader.result as ArrayBuffer));
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(blob);
  });
}

async function gathered(blob: Blob): Promise<Uint8Array> {
  const bytes = new Uint8Array(blob.size);
  const reader = byteReader(blob.stream());
  let at = 0;
  for (let chunk = await reader?.read(); chunk !== undefined; chunk = await reader?.read()) {
    const piece = plainBytes(chunk) ?? new Uint8Array();
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes.subarray(0, at);
}
