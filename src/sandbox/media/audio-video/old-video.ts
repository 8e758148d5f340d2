import { type Bytes, readPart } from '../reading/bytes.js';

export interface OldVideo {
  width: number;
  height: number;
  /** In seconds. */
  duration: number | undefined;
}

/** The headers are at the beginning. */
const headBytes = 64 * 1024;

/** Reads the headers of AVI, FLV and MPEG program streams, for which there is no library. */
export async function readOldVideo(bytes: Bytes): Promise<OldVideo | undefined> {
  const head = await readPart(bytes, 0, headBytes);
  const text = new TextDecoder('latin1').decode(head);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  try {
    if (text.startsWith('RIFF') && text.startsWith('AVI ', 8)) return readAvi(text, view);
    if (text.startsWith('FLV\x01')) return readFlv(text, view);
    if (text.startsWith('\0\0\x01')) return readMpeg(text, view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // DataView throws it if the header is truncated
  }
  return undefined;
}

/** The main header (AVI RIFF file reference): microseconds per frame at 0, frames at 16, width at 32, height at 36. */
function readAvi(text: string, view: DataView): OldVideo | undefined {
  const header = text.indexOf('avih') + 8;
  if (header < 8) return undefined;
  const seconds = (view.getUint32(header, true) * view.getUint32(header + 16, true)) / 1_000_000;
  return { width: view.getUint32(header + 32, true), height: view.getUint32(header + 36, true), duration: seconds };
}

/** The script tag has a list of names and values. A number is a byte 0 and a double (AMF 0 section 2.2). */
function readFlv(text: string, view: DataView): OldVideo | undefined {
  const numberOf = (name: string) => {
    const at = text.indexOf(`\0${String.fromCharCode(name.length)}${name}\0`);
    return at < 0 ? undefined : view.getFloat64(at + name.length + 3);
  };
  const width = numberOf('width');
  const height = numberOf('height');
  return width === undefined || height === undefined ? undefined : { width, height, duration: numberOf('duration') };
}

/** The sequence header has the width and the height, of twelve bits each (ISO/IEC 13818-2 section 6.2.2.1). */
function readMpeg(text: string, view: DataView): OldVideo | undefined {
  const header = text.indexOf('\0\0\x01\xb3');
  if (header < 0) return undefined;
  const sizes = view.getUint32(header + 4);
  return { width: sizes >>> 20, height: (sizes >>> 8) & 0xfff, duration: undefined };
}
