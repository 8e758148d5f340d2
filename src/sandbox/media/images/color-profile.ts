import type { Pixels } from './decoders/pixels.js';

/** Maps a channel from 0 to 255 to light from 0 to 1. */
type Curve = Float64Array;

interface Profile {
  curves: Curve[];
  /** Light of red, green and blue to light of red, green and blue in sRGB, row by row. */
  matrix: number[];
}

/** XYZ (D50) to linear sRGB, adapted by Bradford: the inverse of the colorants in the sRGB profile. */
const toSrgb = [3.1338561, -1.6168667, -0.4906146, -0.9787684, 1.9161415, 0.033454, 0.0719453, -0.2289914, 1.4052427];

/**
 * Converts the colors of a profile with curves and a matrix, such as Display P3 of phones and Adobe RGB, to sRGB (ICC.1:2022 section
 * 8.3.3). Profiles with tables are left as they are. Changes `pixels` in place.
 */
export function toStandardColors(pixels: Pixels): Pixels {
  const profile = pixels.profile && readProfile(pixels.profile);
  if (!profile) return pixels;
  const { curves, matrix } = profile;
  const { data } = pixels;
  for (let offset = 0; offset < data.length; offset += 4) {
    const light = [0, 1, 2].map((channel) => curves[channel]?.[data[offset + channel] ?? 0] ?? 0);
    for (let channel = 0; channel < 3; channel++) data[offset + channel] = encode(row(matrix, channel, light));
  }
  return pixels;
}

function row(matrix: number[], index: number, [first = 0, second = 0, third = 0]: number[]): number {
  const at = index * 3;
  return (matrix[at] ?? 0) * first + (matrix[at + 1] ?? 0) * second + (matrix[at + 2] ?? 0) * third;
}

/** The transfer function of sRGB (IEC 61966-2-1). */
function encode(light: number): number {
  const value = light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(Math.min(1, Math.max(0, value)) * 255);
}

function readProfile(bytes: Uint8Array): Profile | undefined {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const text = (offset: number) => String.fromCharCode(...bytes.subarray(offset, offset + 4));
    if (text(16) !== 'RGB ' || text(20) !== 'XYZ ') return undefined;
    const tags = new Map<string, number>();
    const count = Math.min(view.getUint32(128), 100);
    for (let tag = 0; tag < count; tag++) tags.set(text(132 + tag * 12), view.getUint32(136 + tag * 12));
    const colorants = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => {
      const at = tags.get(name);
      return at === undefined ? undefined : [8, 12, 16].map((offset) => view.getInt32(at + offset) / 65_536);
    });
    const curves = ['rTRC', 'gTRC', 'bTRC'].map((name) => {
      const at = tags.get(name);
      return at === undefined ? undefined : readCurve(view, at);
    });
    const [red, green, blue] = colorants;
    if (!red || !green || !blue || tags.has('A2B0')) return undefined;
    const known = curves.filter((curve) => curve !== undefined);
    if (known.length < 3) return undefined;
    const matrix = [0, 1, 2].flatMap((target) => [red, green, blue].map((colorant) => row(toSrgb, target, colorant)));
    return { curves: known, matrix };
  } catch (error) {
    if (error instanceof RangeError) return undefined; // DataView throws it if the profile is truncated
    throw error;
  }
}

function readCurve(view: DataView, at: number): Curve | undefined {
  const type = view.getUint32(at);
  if (type === 0x63757276) {
    const count = view.getUint32(at + 8);
    if (count === 0) return curve((value) => value);
    if (count === 1) return curve((value) => value ** (view.getUint16(at + 12) / 256));
    return curve((value) => {
      const position = value * (count - 1);
      const below = Math.floor(position);
      const sample = (index: number) => view.getUint16(at + 12 + Math.min(index, count - 1) * 2) / 65_535;
      return sample(below) + (sample(below + 1) - sample(below)) * (position - below);
    });
  }
  if (type !== 0x70617261) return undefined;
  const kind = view.getUint16(at + 8);
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(
    { length: [1, 3, 4, 5, 7][kind] ?? 0 },
    (_, index) => view.getInt32(at + 12 + index * 4) / 65_536,
  );
  if (kind === 0) return curve((value) => value ** g);
  if (kind === 1) return curve((value) => (value >= -b / a ? (a * value + b) ** g : 0));
  if (kind === 2) return curve((value) => (value >= -b / a ? (a * value + b) ** g : 0) + c);
  if (kind === 3) return curve((value) => (value >= d ? (a * value + b) ** g : c * value));
  return kind === 4 ? curve((value) => (value >= d ? (a * value + b) ** g + e : c * value + f)) : undefined;
}

function curve(light: (value: number) => number): Curve {
  return Float64Array.from({ length: 256 }, (_, value) => light(value / 255));
}
