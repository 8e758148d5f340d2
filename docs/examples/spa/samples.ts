import { crc32, deflateRawSync, deflateSync } from 'node:zlib';

// The sample files of alice. They are generated, so that the repository contains no binary files.

export interface Sample {
  name: string;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** How long ago it seems to have been uploaded. */
  daysAgo: number;
  tags?: string[];
  starred?: boolean;
  published?: boolean;
}

/** Oldest first. */
export function makeSamples(): Sample[] {
  const text = (content: string) => new TextEncoder().encode(content);
  const budget = text('item,days,cost\ntrain,2,184.00\nhut,5,310.00\nfood,7,205.50\nmap,1,14.90\n');
  const packing = text(
    'For the mountains\n\n- boots, the old ones\n- map 14, compass\n- two rolls of film\n- rain jacket\n- the good thermos\n- something to read\n',
  );
  return [
    { name: 'Night on the ridge.png', type: 'image/png', bytes: paint(nightOnTheRidge), daysAgo: 41, tags: ['stars'] },
    { name: 'Dunes.png', type: 'image/png', bytes: paint(dunes), daysAgo: 33 },
    {
      name: 'Before the trip.zip',
      type: 'application/zip',
      bytes: zip({ 'packing list.txt': packing, 'costs/budget.csv': budget }),
      daysAgo: 30,
    },
    { name: 'Budget.csv', type: 'text/csv', bytes: budget, daysAgo: 29 },
    { name: 'Packing list.txt', type: 'text/plain', bytes: packing, daysAgo: 26, tags: ['mountains'] },
    { name: 'Green hills.png', type: 'image/png', bytes: paint(greenHills), daysAgo: 12, tags: ['mountains'] },
    { name: 'Evening tune.wav', type: 'audio/wav', bytes: playTune(), daysAgo: 9, tags: ['music'], starred: true },
    { name: 'First snow.png', type: 'image/png', bytes: paint(firstSnow), daysAgo: 6, tags: ['mountains'] },
    { name: 'How to read the sky.pdf', type: 'application/pdf', bytes: writePdf(), daysAgo: 3, published: true },
    {
      name: 'Lake at dusk.png',
      type: 'image/png',
      bytes: paint(lakeAtDusk),
      daysAgo: 0.1,
      tags: ['holiday', 'mountains'],
      starred: true,
    },
  ];
}

type Color = readonly [red: number, green: number, blue: number];

/** A landscape. Positions are fractions of its width and height. */
interface Scene {
  /** From top to bottom. */
  sky: readonly Color[];
  /** Sun or moon. */
  light: { x: number; y: number; radius: number; glow: number; color: Color };
  /** From the farthest to the nearest. */
  ridges: readonly { level: number; height: number; waves: number; sharp: boolean; color: Color }[];
  /** The color of the haze between the ridges. */
  mist: Color;
  stars?: boolean;
  /** The top edge of the water. */
  shore?: number;
}

const lakeAtDusk: Scene = {
  sky: [
    [46, 52, 110],
    [132, 92, 158],
    [244, 142, 122],
    [255, 208, 150],
  ],
  light: { x: 0.62, y: 0.5, radius: 0.035, glow: 0.3, color: [255, 236, 190] },
  ridges: [
    { level: 0.47, height: 0.2, waves: 2.2, sharp: true, color: [118, 86, 140] },
    { level: 0.55, height: 0.14, waves: 3.4, sharp: true, color: [74, 60, 112] },
    { level: 0.61, height: 0.05, waves: 6, sharp: false, color: [36, 34, 74] },
  ],
  mist: [232, 150, 140],
  shore: 0.64,
};

const firstSnow: Scene = {
  sky: [
    [96, 148, 200],
    [170, 206, 232],
    [236, 242, 244],
  ],
  light: { x: 0.24, y: 0.2, radius: 0.03, glow: 0.22, color: [255, 252, 240] },
  ridges: [
    { level: 0.46, height: 0.3, waves: 2.6, sharp: true, color: [178, 198, 220] },
    { level: 0.62, height: 0.26, waves: 3.2, sharp: true, color: [120, 150, 184] },
    { level: 0.8, height: 0.12, waves: 4, sharp: true, color: [62, 92, 128] },
    { level: 0.93, height: 0.05, waves: 7, sharp: false, color: [30, 52, 78] },
  ],
  mist: [246, 249, 252],
};

const greenHills: Scene = {
  sky: [
    [104, 178, 214],
    [186, 222, 220],
    [252, 238, 196],
  ],
  light: { x: 0.78, y: 0.3, radius: 0.045, glow: 0.3, color: [255, 250, 214] },
  ridges: [
    { level: 0.52, height: 0.08, waves: 1.6, sharp: false, color: [140, 178, 148] },
    { level: 0.62, height: 0.1, waves: 1.3, sharp: false, color: [96, 152, 104] },
    { level: 0.75, height: 0.1, waves: 1.8, sharp: false, color: [56, 118, 78] },
    { level: 0.9, height: 0.08, waves: 1.2, sharp: false, color: [24, 78, 62] },
  ],
  mist: [240, 236, 190],
};

const dunes: Scene = {
  sky: [
    [62, 120, 156],
    [164, 190, 180],
    [250, 214, 158],
  ],
  light: { x: 0.36, y: 0.34, radius: 0.05, glow: 0.34, color: [255, 240, 200] },
  ridges: [
    { level: 0.54, height: 0.06, waves: 1.1, sharp: false, color: [224, 160, 104] },
    { level: 0.66, height: 0.12, waves: 0.9, sharp: true, color: [204, 124, 72] },
    { level: 0.82, height: 0.12, waves: 0.7, sharp: true, color: [158, 82, 54] },
  ],
  mist: [252, 206, 146],
};

const nightOnTheRidge: Scene = {
  sky: [
    [8, 12, 34],
    [18, 34, 74],
    [54, 84, 128],
  ],
  light: { x: 0.74, y: 0.24, radius: 0.04, glow: 0.16, color: [244, 242, 226] },
  ridges: [
    { level: 0.66, height: 0.2, waves: 2.4, sharp: true, color: [34, 54, 92] },
    { level: 0.8, height: 0.16, waves: 3, sharp: true, color: [20, 32, 62] },
    { level: 0.93, height: 0.06, waves: 5, sharp: false, color: [8, 14, 30] },
  ],
  mist: [78, 110, 150],
  stars: true,
};

function paint(scene: Scene): Uint8Array<ArrayBuffer> {
  const [width, height] = [1080, 720];
  const rows = Buffer.alloc((width * 3 + 1) * height);
  // once for each ridge, not for each pixel
  const outlines = scene.ridges.map((ridge, index) =>
    Float64Array.from({ length: width }, (_, x) => outline(ridge, index, x / width) * height),
  );
  const water = (scene.shore ?? 1) * height;
  for (let y = 0; y < height; y++) {
    const row = y * (width * 3 + 1);
    rows[row] = 1; // each byte is the difference from the previous pixel, which compresses well for smooth colors
    let before: Color = [0, 0, 0];
    for (let x = 0; x < width; x++) {
      const color = y < water ? colorAt(scene, outlines, x, y, width, height) : reflected(x, y);
      for (const channel of [0, 1, 2] as const) rows[row + 1 + x * 3 + channel] = color[channel] - before[channel];
      before = color;
    }
  }
  return png(width, height, rows);

  function reflected(x: number, y: number): Color {
    const depth = (y - water) / (height - water);
    const ripple = Math.sin(y * (1.1 - depth * 0.7) + Math.sin(x / 37) * 1.4) * (2 + depth * 9);
    const mirrored = Math.max(0, water - (y - water) * 1.15 + ripple * 0.4);
    const at = Math.min(width - 1, Math.max(0, Math.round(x + ripple)));
    return rounded(mix(colorAt(scene, outlines, at, mirrored, width, height), [28, 30, 66], 0.14 + depth * 0.3));
  }
}

function colorAt(
  { sky, light, ridges, mist, stars }: Scene,
  outlines: readonly Float64Array[],
  x: number,
  y: number,
  width: number,
  height: number,
): Color {
  const place = Math.min(0.999, y / (height * 0.72)) * (sky.length - 1);
  const upper = sky[Math.floor(place)] ?? mist;
  let color = mix(upper, sky[Math.floor(place) + 1] ?? upper, place % 1);
  const distance = Math.hypot(x - light.x * width, y - light.y * height) / width;
  if (stars) color = mix(color, [255, 255, 255], starlight(x, y) * Math.max(0, 1 - y / (height * 0.7)));
  color = mix(color, light.color, 0.75 * Math.exp(-((distance / light.glow) ** 2)));
  color = mix(color, light.color, clamp((light.radius - distance) * width + 0.5));
  for (const [index, ridge] of ridges.entries()) {
    const top = outlines[index]?.[x] ?? height;
    const haze = clamp((y - top) / (height * 0.34)) * (index === ridges.length - 1 ? 0.12 : 0.62);
    color = mix(color, mix(ridge.color, mist, haze), clamp(y - top + 0.5));
  }
  return rounded(color);
}

/** The top edge of a ridge: a sum of waves, or of their absolute values if the ridge is sharp. */
function outline({ level, height, waves, sharp }: Scene['ridges'][number], seed: number, x: number): number {
  let sum = 0;
  for (let octave = 0; octave < 6; octave++) {
    const wave = Math.sin(x * waves * 2.03 ** octave * Math.PI + seed * 7.3 + octave * octave * 2.1 + waves * 11);
    sum += (sharp ? 0.75 - Math.abs(wave) * 1.5 : wave * (octave < 2 ? 1 : 0.3)) / 2.1 ** octave;
  }
  return level - (sum * height) / 2;
}

function starlight(x: number, y: number): number {
  const noise = Math.abs(Math.sin(Math.floor(x / 2) * 12.9898 + Math.floor(y / 2) * 78.233) * 43758.5453) % 1;
  return noise > 0.9975 ? (noise - 0.9975) * 400 : 0;
}

const clamp = (value: number) => Math.min(1, Math.max(0, value));
const rounded = ([red, green, blue]: Color): Color => [Math.round(red), Math.round(green), Math.round(blue)];

function mix(from: Color, to: Color, share: number): Color {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}

function png(width: number, height: number, rows: Buffer): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // 8 bits each for red, green and blue
  return joined(
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  );

  function chunk(type: string, content: Buffer): Buffer {
    const named = Buffer.concat([Buffer.from(type), content]);
    return joined(unsigned(content.length), named, unsigned(crc32(named)));
  }

  function unsigned(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  }
}

/** Twelve seconds of plucked strings. */
function playTune(): Uint8Array<ArrayBuffer> {
  const rate = 22_050;
  const notes = [0, 7, 12, 16, 12, 7, -3, 4, 9, 12, 9, 4, -5, 2, 7, 11, 7, 2, 0, 7, 12, 16, 19, 24];
  const samples = new Float64Array(rate * 12);
  for (const [index, note] of notes.entries()) {
    const frequency = 196 * 2 ** (note / 12);
    const start = Math.round(index * 0.42 * rate);
    for (let at = start; at < samples.length && at < start + rate * 2.4; at++) {
      const time = (at - start) / rate;
      const turn = 2 * Math.PI * frequency * time;
      const tone = Math.sin(turn) + 0.4 * Math.sin(2 * turn) * Math.exp(-time * 4) + 0.15 * Math.sin(3 * turn);
      samples[at] = (samples[at] ?? 0) + tone * Math.exp(-time * 2.6) * Math.min(1, time * 200) * 0.22;
    }
  }
  const file = Buffer.alloc(44 + samples.length * 2);
  file.write('RIFF');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.set([1, 0, 1, 0], 20); // uncompressed, one channel
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.set([2, 0, 16, 0], 32); // two bytes per sample
  file.write('data', 36);
  file.writeUInt32LE(samples.length * 2, 40);
  for (const [index, sample] of samples.entries()) {
    file.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32_000), 44 + index * 2);
  }
  return joined(file);
}

function writePdf(): Uint8Array<ArrayBuffer> {
  const lines = [
    'High, thin clouds that come from the west mean a day or two of fair weather,',
    'and rain after it. When they thicken and the sun gets a ring, stay close to home.',
    '',
    'Small clouds that grow tall before noon will thunder in the afternoon. Be down',
    'from the ridge by two.',
    '',
    'A red evening is a good sign, a red morning is not. Fog in the valley at dawn',
    'lifts by ten, nine times out of ten.',
  ];
  const page = [
    '0.18 0.20 0.43 rg 0 662 595 180 re f 0.96 0.56 0.48 rg 0 652 595 10 re f',
    'BT 1 1 1 rg /F2 34 Tf 64 730 Td (How to read the sky) Tj ET',
    'BT 0.85 0.87 0.95 rg /F1 14 Tf 64 702 Td (Notes for the mountains) Tj ET',
    `BT 0.11 0.15 0.19 rg /F1 11.5 Tf 64 600 Td 20 TL ${lines.map((line) => `(${line}) Tj T*`).join(' ')} ET`,
  ].join('\n');
  const font = (name: string) => `<< /Type /Font /Subtype /Type1 /BaseFont /${name} >>`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>',
    `<< /Length ${page.length} >>\nstream\n${page}\nendstream`,
    font('Helvetica'),
    font('Helvetica-Bold'),
    '<< /Title (How to read the sky) >>',
  ];
  let file = '%PDF-1.4\n';
  const places = objects.map((object, index) => {
    const place = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(place).padStart(10, '0')} 00000 n \n`;
  });
  const start = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join('')}`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 7 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return new TextEncoder().encode(file);
}

function zip(entries: Record<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  let offset = 0;
  const directory = Object.entries(entries).map(([path, content]) => {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content);
    const header = Buffer.alloc(26);
    header.set([20, 0, 0, 8, 8, 0]); // requires version 2.0, UTF-8 names, deflate
    header.writeUInt16LE(0x21, 8); // 1 January 1980, the earliest date in a zip archive
    header.writeUInt32LE(crc32(content), 10);
    header.writeUInt32LE(packed.length, 14);
    header.writeUInt32LE(content.length, 18);
    header.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    parts.push(Buffer.from('PK\x03\x04'), header, name, packed);
    offset += 30 + name.length + packed.length;
    return joined(Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), header, place, name);
  });
  const list = joined(...directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return joined(...parts, list, end);
}

/** A copy in its own ArrayBuffer: a small Buffer is part of a shared pool, which cannot be a body. */
function joined(...parts: Uint8Array[]): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(new ArrayBuffer(parts.reduce((sum, part) => sum + part.length, 0)));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
