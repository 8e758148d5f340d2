/** exifr has type declarations for its main build only. */
declare module 'exifr/dist/lite.esm.mjs' {
  export function parse(data: Uint8Array, options: Record<string, boolean>): Promise<unknown>;
}
