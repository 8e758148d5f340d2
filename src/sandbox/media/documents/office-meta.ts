import type { FileEntry } from '@zip.js/zip.js';
import { openZip } from '../archives/open-zip.js';
import { type Bytes, readPart } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { compact, textOf } from '../reading/values.js';

/** The part with the properties: of Office Open XML (ECMA-376 part 2 section 8), and of OpenDocument (part 3 section 4.3). */
const parts = new Set(['docProps/core.xml', 'meta.xml']);

/** Properties are a few hundred bytes long. */
const maxBytes = 256 * 1024;

/**
 * The title and the author of an office file. Returns no fields for a file with a password.
 * @throws UnreadableMedia if the file is not an archive
 */
export async function readOfficeMeta(bytes: Bytes): Promise<Record<string, unknown>> {
  if (await hasPassword(bytes)) return {};
  const xml = await readProperties(bytes).catch(() => {
    throw new UnreadableMedia('the file is not a readable office file');
  });
  return compact({
    title: elementIn(xml, 'title'),
    author: elementIn(xml, 'initial-creator') ?? elementIn(xml, 'creator'), // in OpenDocument, `creator` edited it last
  });
}

/** Office Open XML with a password is in a compound file. */
async function hasPassword(bytes: Bytes): Promise<boolean> {
  const head = await readPart(bytes, 0, 4);
  return head.length === 4 && new DataView(head.buffer, head.byteOffset).getUint32(0) === 0xd0cf11e0;
}

async function readProperties(bytes: Bytes): Promise<string> {
  const zip = openZip(bytes);
  try {
    for await (const entry of zip.entries({ strictness: 'tolerant' })) {
      if (!entry.directory && parts.has(entry.filename) && !entry.encrypted) return await textIn(entry);
    }
    return '';
  } finally {
    await zip.close();
  }
}

async function textIn(entry: FileEntry): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let left = maxBytes;
  await entry.getData(
    new WritableStream<Uint8Array>({
      write(chunk) {
        left -= chunk.byteLength; // not of the declared size, which can be wrong
        if (left < 0) throw new Error('the properties are too large');
        text += decoder.decode(chunk, { stream: true });
      },
    }),
  );
  return text;
}

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** The text of the first element with this name, in any namespace. */
function elementIn(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<(?:[\\w-]+:)?${name}(?:\\s[^>]*)?>([^<]*)</(?:[\\w-]+:)?${name}\\s*>`).exec(xml) ?? [];
  return textOf(
    text?.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hexadecimal, entity) => {
      if (entity) return entities[entity] ?? whole;
      const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    }),
  );
}
