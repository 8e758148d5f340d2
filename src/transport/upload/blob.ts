import { byteReader, plainBytes } from '../http/byte-reader.js';

/** Whether a value is a Blob or File, of this realm, an iframe, jsdom, happy-dom or a polyfill. Some lack methods. */
export function isBlob(value: unknown): value is Blob {
  if (typeof value !== 'object' || value === null || !('size' in value && 'type' in value && 'slice' in value))
    return false;
  return typeof value.size === 'number' && typeof value.type === 'string' && typeof value.slice === 'function';
}

/**
 * The same content as a Blob of this realm. Undefined if the platform does not accept the Blob. A Blob of an iframe can then be
 * read after the iframe is removed.
 */
export function nativeBlob(blob: Blob): Blob | undefined {
  if (typeof Blob === 'function' && blob instanceof Blob) return blob;
  try {
    new FormData().append('file', blob, ''); // throws for an object that only looks like a Blob
    return new Blob([blob], { type: blob.type });
  } catch {
    return undefined;
  }
}

/** The bytes of a Blob. jsdom supports only FileReader. */
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
