import { type Bytes, readPart } from '../reading/bytes.js';

/** The headers are at the beginning. */
const headBytes = 64 * 1024;

/** The duration of AU, CAF and AC-3 in seconds, for which there is no library. */
export async function durationOfOldAudio(bytes: Bytes): Promise<number | undefined> {
  const head = await readPart(bytes, 0, headBytes);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  try {
    const magic = view.getUint32(0);
    if (magic === 0x2e736e64) return durationOfAu(view, bytes.size);
    if (magic === 0x63616666) return durationOfCaf(view, bytes.size);
    if (magic >>> 16 === 0x0b77) return durationOfAc3(view, bytes.size);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // DataView throws it if the header is truncated
  }
  return undefined;
}

/** Bytes per sample, by the encoding in the header. */
const auSampleBytes: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1 };

/** The offset of the samples at 4, the encoding at 12, the sample rate at 16, channels at 20. */
function durationOfAu(view: DataView, size: number): number | undefined {
  const sampleBytes = auSampleBytes[view.getUint32(12)];
  return sampleBytes && (size - view.getUint32(4)) / (sampleBytes * view.getUint32(16) * view.getUint32(20));
}

/** The chunk `desc` describes packets, `pakt` counts them, and `data` contains them (Apple Core Audio Format specification). */
function durationOfCaf(view: DataView, size: number): number | undefined {
  let rate = 0;
  let packetBytes = 0;
  let packetFrames = 0;
  for (let at = 8; at < view.byteLength; ) {
    const type = view.getUint32(at);
    const length = Number(view.getBigInt64(at + 4));
    const content = at + 12;
    if (type === 0x64657363) {
      rate = view.getFloat64(content);
      packetBytes = view.getUint32(content + 16);
      packetFrames = view.getUint32(content + 20);
    }
    if (type === 0x70616b74) return Number(view.getBigInt64(content + 8)) / rate; // the valid frames
    if (type === 0x64617461) {
      const rest = size - content;
      const bytes = length === -1 ? rest : Math.min(length, rest); // -1: up to the end of the file
      if (packetBytes > 0) return (((bytes - 4) / packetBytes) * packetFrames) / rate;
    }
    if (length < 0) return undefined;
    at = content + length;
  }
  return undefined;
}

const ac3Kilobits = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

/** All frames have the bit rate that the first one declares. Not so in E-AC-3, whose `bsid` is 11 or more (ATSC A/52). */
function durationOfAc3(view: DataView, size: number): number | undefined {
  if (view.getUint8(5) >>> 3 > 10) return undefined;
  const kilobits = ac3Kilobits[(view.getUint8(4) & 0x3f) >> 1];
  return kilobits && size / (kilobits * 125);
}
