import mime from 'mime';

/** `holiday.jpg` is `holiday` and `jpg`; a name with its only dot at either end has no extension. */
export function splitName(fileName: string): { name: string; extension: string } {
  const dot = fileName.lastIndexOf('.');
  if (dot <= 0 || dot === fileName.length - 1) return { name: fileName, extension: '' };
  return { name: fileName.slice(0, dot), extension: fileName.slice(dot + 1) };
}

export function joinName({ name, extension }: { name: string; extension: string }): string {
  return extension === '' ? name : `${name}.${extension}`;
}

const unspecific = new Set(['application/octet-stream', 'binary/octet-stream', 'application/text']);
const wellFormed = /^[\w.+-]+\/[\w.+-]+([ \t]*;[\x20-\x7e]*)?$/;

/** What the uploader called it, unless that says nothing and the extension does. */
export function typeOf(declared: string | undefined, extension: string): string {
  const type = declared?.trim().toLowerCase() ?? '';
  return unspecific.has(type) || !wellFormed.test(type)
    ? (mime.getType(extension) ?? 'application/octet-stream')
    : type;
}

const archives = /\b(zip|x-tar|gzip|x-bzip2?|x-7z-compressed|x-rar-compressed|vnd\.rar|zstd|x-xz)\b/;
const documents = /^text\/|\b(pdf|msword|rtf|json|xml|postscript|opendocument|officedocument|ms-excel|ms-powerpoint)\b/;

/** One of doctape's media types (wire document section 3.2). */
export function mediaTypeOf(type: string): string {
  const [group = ''] = type.split('/');
  if (group === 'image' || group === 'audio' || group === 'video') return group;
  if (archives.test(type)) return 'archive';
  return documents.test(type) ? 'document' : 'unknown';
}

/** A file name without a path, which some browsers sent, and without what no name should hold. */
export function cleanFileName(fileName: string): string {
  const last = (fileName.split(/[\\/]/).at(-1) ?? '').toWellFormed();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it removes
  const name = last.replace(/[\u0000-\u001f\u007f]/g, '').trim();
  return name === '' || name === '.' || name === '..' ? 'untitled' : shortened(name);
}

/** At most 255 characters, the extension among them. */
function shortened(fileName: string): string {
  if (fileName.length <= 255) return fileName;
  const { name, extension } = splitName(fileName);
  const ending = extension.length > 32 ? '' : extension;
  const stem = name.slice(0, 254 - ending.length).replace(/[\ud800-\udbff]$/, ''); // not half a character
  return joinName({ name: stem, extension: ending });
}
