// The parts of two optional packages that the sandbox uses. The packages are not installed with the SDK, so neither are their types.

/** Decoders that the sandbox uses if they are installed. */
export interface ImagePeers {
  sharp?: Sharp | undefined;
  heicDecode?: HeicDecode | undefined;
  /** Draws SVG with sharp. */
  renderSvg?: RenderSvg | undefined;
}

/** The function that `sharp` exports. */
export type Sharp = (file: Uint8Array, options: SharpOptions) => SharpImage;

export interface SharpOptions {
  limitInputPixels: number;
  failOn: 'truncated';
}

export interface SharpImage {
  /** Without an angle, rotates as EXIF says. */
  rotate(): SharpImage;
  resize(options: { width: number; height: number; fit: 'inside'; withoutEnlargement: boolean }): SharpImage;
  flatten(options: { background: string }): SharpImage;
  jpeg(options: { quality: number }): SharpImage;
  timeout(options: { seconds: number }): SharpImage;
  toBuffer(): Promise<Uint8Array>;
}

/** Makes a JPEG of each size. */
export type RenderSvg = (
  file: Uint8Array,
  options: {
    /** The largest number of pixels. */
    pixels: number;
    quality: number;
    /** The longest edge in pixels, and the resolution in dots per inch. */
    sizes: readonly { edge?: number; density?: number }[];
  },
) => Promise<Uint8Array<ArrayBuffer>[]>;

/** The function that `heic-decode` exports. The data has four bytes for each pixel. */
export type HeicDecode = (file: {
  buffer: Uint8Array;
}) => Promise<{ width: number; height: number; data: Uint8ClampedArray }>;
