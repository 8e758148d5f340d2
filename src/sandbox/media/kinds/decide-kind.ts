import mime from 'mime';
import { type Kind, kindOfExtension, kindOfType } from './kinds.js';

/** What the content of a file tells. */
export interface Content {
  /** The type of its signature. Undefined if it has none that is known. */
  type?: string;
  /** Whether other content can have the same signature by chance. */
  isWeak?: boolean;
  isText?: boolean;
}

/** What a file is said to be. */
export interface FileNames {
  /** The Content-Type of the upload. */
  declared: string | undefined;
  /** The extension of the file name, without the dot. */
  extension: string;
}

const genericTypes = new Set(['application/octet-stream', 'binary/octet-stream', 'application/text']);
const wellFormed = /^[\w.+-]+\/[\w.+-]+([ \t]*;[\x20-\x7e]*)?$/;

/** Decides what a file is: by its content, then by its extension, then by the type that the client declared. */
export function decideKind({ declared = '', extension }: FileNames, content: Content = {}): Kind {
  const named = byExtension(extension);
  const type = declared.trim().toLowerCase();
  const claimed = wellFormed.test(type) && !genericTypes.has(type) ? kindOfType(type) : undefined;
  const said = named ?? claimed ?? kindOfType('application/octet-stream');
  if (content.type !== undefined) {
    const narrower = [named, claimed].find((kind) => kind?.within === content.type);
    if (narrower) return narrower;
    const found = kindOfType(content.type);
    const isChance = content.isWeak && said.mediaType !== 'unknown' && said.mediaType !== found.mediaType;
    if (!isChance) return found;
  }
  if (content.isText) {
    if (needsBinary(said)) return kindOfType('text/plain');
    // neither a picture nor a recording is text, so the client is right about what the extension is wrong about
    if (isPicture(said) && claimed?.mediaType === 'document') return { ...claimed, type };
  }
  // the client can know better which text or which code it is
  return claimed?.mediaType === said.mediaType ? { ...said, type } : said;
}

function byExtension(extension: string): Kind | undefined {
  const known = kindOfExtension(extension);
  if (known) return known;
  const type = mime.getType(extension);
  return type === null ? undefined : kindOfType(type);
}

function isPicture({ mediaType }: Kind): boolean {
  return mediaType === 'image' || mediaType === 'audio' || mediaType === 'video';
}

/** Whether the content of this kind is a zip or an OLE file. A `.key` can be a presentation, or the text of a private key. */
function needsBinary({ within }: Kind): boolean {
  return within === 'application/zip' || within === 'application/x-cfb';
}
