import mime from 'mime';

const genericTypes = new Set(['application/octet-stream', 'binary/octet-stream', 'application/text']);
const wellFormed = /^[\w.+-]+\/[\w.+-]+([ \t]*;[\x20-\x7e]*)?$/;

/** Returns the type that the client declared. If that is missing, malformed or generic, returns the type of the extension. */
export function typeOf(declared: string | undefined, extension: string): string {
  const type = declared?.trim().toLowerCase() ?? '';
  return genericTypes.has(type) || !wellFormed.test(type)
    ? (mime.getType(extension) ?? 'application/octet-stream')
    : type;
}

const archives = /\b(zip|x-tar|gzip|x-bzip2?|x-7z-compressed|x-rar-compressed|vnd\.rar|zstd|x-xz)\b/;
const documents = /^text\/|\b(pdf|msword|rtf|json|xml|postscript|opendocument|officedocument|ms-excel|ms-powerpoint)\b/;

// wire document section 3.2
/** Maps a content type to one of doctape's media types. */
export function mediaTypeOf(type: string): string {
  const [group = ''] = type.split('/');
  if (group === 'image' || group === 'audio' || group === 'video') return group;
  if (archives.test(type)) return 'archive';
  return documents.test(type) ? 'document' : 'unknown';
}
