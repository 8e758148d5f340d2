/** doctape's own media types (wire document section 3.2). */
export type MediaType = 'image' | 'audio' | 'video' | 'archive' | 'document' | 'unknown';

export interface Kind {
  /** The Content-Type. */
  type: string;
  mediaType: MediaType;
  /**
   * The type that the content alone has, if that is a more general one: a `.docm` is a zip, a `.nef` is a TIFF. Content of that type
   * is this kind if the extension or the client says so.
   */
  within?: string;
}

/** The type, its extensions, the more general type of its content, and other names of the type. */
type Row = [type: string, extensions: string, within?: string, aliases?: string];

const zip = 'application/zip';
const ole = 'application/x-cfb';
const tiff = 'image/tiff';
const xml = 'application/xml';
const asf = 'application/vnd.ms-asf';
const office = 'application/vnd.openxmlformats-officedocument';
const odf = 'application/vnd.oasis.opendocument';

/** The formats by media type. To teach the sandbox a format, add a row. Formats without a row are in `otherMediaType` below. */
const table: Record<Exclude<MediaType, 'unknown'>, Row[]> = {
  image: [
    ['image/jpeg', 'jpg jpeg jpe jfif', undefined, 'image/jpg image/pjpeg'],
    ['image/png', 'png', undefined, 'image/x-png'],
    ['image/apng', 'apng', 'image/png'],
    ['image/gif', 'gif'],
    ['image/bmp', 'bmp dib', undefined, 'image/x-bmp image/x-ms-bmp'],
    ['image/webp', 'webp'],
    ['image/avif', 'avif'],
    ['image/heic', 'heic', 'image/heif', 'image/heic-sequence'],
    ['image/heif', 'heif hif', undefined, 'image/heif-sequence'],
    [tiff, 'tif tiff'],
    ['image/svg+xml', 'svg', xml],
    ['image/x-icon', 'ico', undefined, 'image/vnd.microsoft.icon'],
    ['image/vnd.adobe.photoshop', 'psd psb', undefined, 'image/x-photoshop application/x-photoshop'],
    ['image/jxl', 'jxl'],
    ['image/jp2', 'jp2 j2k'],
    // camera RAW
    ['image/x-adobe-dng', 'dng', tiff],
    ['image/x-canon-cr2', 'cr2', tiff],
    ['image/x-canon-cr3', 'cr3'],
    ['image/x-nikon-nef', 'nef nrw', tiff],
    ['image/x-sony-arw', 'arw sr2 srf', tiff],
    ['image/x-pentax-pef', 'pef', tiff],
    ['image/x-samsung-srw', 'srw', tiff],
    ['image/x-olympus-orf', 'orf', tiff],
    ['image/x-panasonic-rw2', 'rw2', tiff],
    ['image/x-fujifilm-raf', 'raf'],
    ['image/x-sigma-x3f', 'x3f'],
  ],
  audio: [
    ['audio/mpeg', 'mp3 mp2 mpga', undefined, 'audio/mp3 audio/mp2 audio/mp1 audio/x-mp3'],
    ['audio/mp4', 'm4a m4b', 'video/mp4', 'audio/x-m4a'],
    ['audio/aac', 'aac', undefined, 'audio/x-aac audio/aacp'],
    ['audio/ogg', 'ogg oga opus spx', undefined, 'application/ogg audio/opus audio/x-ogg'],
    ['audio/flac', 'flac', undefined, 'audio/x-flac'],
    ['audio/wav', 'wav wave', undefined, 'audio/wave audio/x-wav audio/vnd.wave'],
    ['audio/aiff', 'aif aiff aifc', undefined, 'audio/x-aiff'],
    ['audio/x-ms-wma', 'wma', asf, 'audio/x-ms-asf'],
    ['audio/ape', 'ape', undefined, 'audio/x-ape audio/x-monkeys-audio'],
    ['audio/x-musepack', 'mpc mpp', undefined, 'audio/musepack'],
    ['audio/wavpack', 'wv', undefined, 'audio/x-wavpack'],
    ['audio/x-dsf', 'dsf'],
    ['audio/x-dff', 'dff'],
    ['audio/x-matroska', 'mka', 'video/matroska'],
    ['audio/amr', 'amr'],
    ['audio/ac3', 'ac3', undefined, 'audio/vnd.dolby.dd-raw'],
    ['audio/basic', 'au snd'],
    ['audio/x-caf', 'caf'],
    ['audio/x-tta', 'tta'],
    ['audio/x-voc', 'voc'],
    ['audio/midi', 'mid midi kar', undefined, 'audio/x-midi'],
    ['audio/x-it', 'it'],
    ['audio/x-xm', 'xm'],
    ['audio/x-s3m', 's3m'],
  ],
  video: [
    ['video/mp4', 'mp4 m4v f4v', undefined, 'video/x-m4v application/mp4'],
    ['video/quicktime', 'mov qt'],
    ['video/3gpp', '3gp', undefined, 'audio/3gpp'],
    ['video/3gpp2', '3g2'],
    ['video/matroska', 'mkv', undefined, 'video/x-matroska'],
    ['video/webm', 'webm', undefined, 'audio/webm'],
    ['video/x-msvideo', 'avi', undefined, 'video/vnd.avi video/avi video/msvideo'],
    ['video/x-ms-wmv', 'wmv asf', asf, 'video/x-ms-asf'],
    ['video/x-flv', 'flv'],
    ['video/mpeg', 'mpg mpeg mpe vob m1v m2v', undefined, 'video/mp1s video/mp2p video/MP1S video/MP2P'],
    ['video/ogg', 'ogv', 'application/ogg'],
    // .ts is not here: that is TypeScript, unless the content has the sync bytes of MPEG-TS
    ['video/mp2t', 'm2ts m2t'],
  ],
  archive: [
    [zip, 'zip', undefined, 'application/x-zip-compressed application/x-zip'],
    ['application/java-archive', 'jar war ear', zip],
    ['application/vnd.android.package-archive', 'apk', zip],
    ['application/x-xpinstall', 'xpi', zip],
    ['application/x-tar', 'tar', undefined, 'application/tar'],
    ['application/gzip', 'gz tgz', undefined, 'application/x-gzip application/x-compressed-tar'],
    ['application/x-bzip2', 'bz2 tbz tbz2', undefined, 'application/x-bzip'],
    ['application/x-xz', 'xz txz'],
    ['application/zstd', 'zst tzst'],
    ['application/x-lzip', 'lz'],
    ['application/x-lz4', 'lz4'],
    ['application/x-compress', 'z'],
    ['application/x-7z-compressed', '7z'],
    ['application/x-rar-compressed', 'rar', undefined, 'application/vnd.rar application/x-rar'],
    ['application/vnd.ms-cab-compressed', 'cab'],
    ['application/x-lzh-compressed', 'lzh lha', undefined, 'application/x-lzh application/x-lha'],
    ['application/x-arj', 'arj'],
    ['application/x-unix-archive', 'ar'],
    ['application/x-deb', 'deb'],
    ['application/x-rpm', 'rpm'],
    ['application/x-cpio', 'cpio'],
    ['application/x-google-chrome-extension', 'crx'],
    ['application/x-iso9660-image', 'iso'],
    ['application/x-apple-diskimage', 'dmg'],
  ],
  document: [
    ['application/pdf', 'pdf'],
    ['application/postscript', 'ps ai'],
    ['application/eps', 'eps'],
    ['application/rtf', 'rtf', undefined, 'text/rtf'],
    ['application/epub+zip', 'epub', zip],
    ['application/x-mobipocket-ebook', 'mobi azw azw3 prc'],
    ['application/vnd.ms-xpsdocument', 'xps oxps', zip],
    // Microsoft Office
    ['application/msword', 'doc dot', ole],
    ['application/vnd.ms-excel', 'xls xlt', ole],
    ['application/vnd.ms-powerpoint', 'ppt pps pot', ole],
    ['application/vnd.visio', 'vsd', ole],
    [`${office}.wordprocessingml.document`, 'docx', zip],
    [`${office}.wordprocessingml.template`, 'dotx', zip],
    [`${office}.spreadsheetml.sheet`, 'xlsx', zip],
    [`${office}.spreadsheetml.template`, 'xltx', zip],
    [`${office}.presentationml.presentation`, 'pptx', zip],
    [`${office}.presentationml.slideshow`, 'ppsx', zip],
    [`${office}.presentationml.template`, 'potx', zip],
    ['application/vnd.ms-word.document.macroenabled.12', 'docm', zip],
    ['application/vnd.ms-word.template.macroenabled.12', 'dotm', zip],
    ['application/vnd.ms-excel.sheet.macroenabled.12', 'xlsm', zip],
    ['application/vnd.ms-excel.template.macroenabled.12', 'xltm', zip],
    ['application/vnd.ms-excel.sheet.binary.macroenabled.12', 'xlsb', zip],
    ['application/vnd.ms-powerpoint.presentation.macroenabled.12', 'pptm', zip],
    ['application/vnd.ms-powerpoint.slideshow.macroenabled.12', 'ppsm', zip],
    ['application/vnd.ms-powerpoint.template.macroenabled.12', 'potm', zip],
    // OpenDocument and iWork
    [`${odf}.text`, 'odt', zip],
    [`${odf}.text-template`, 'ott', zip],
    [`${odf}.spreadsheet`, 'ods', zip],
    [`${odf}.spreadsheet-template`, 'ots', zip],
    [`${odf}.presentation`, 'odp', zip],
    [`${odf}.presentation-template`, 'otp', zip],
    [`${odf}.graphics`, 'odg', zip],
    [`${odf}.formula`, 'odf', zip],
    ['application/vnd.apple.pages', 'pages', zip],
    ['application/vnd.apple.numbers', 'numbers', zip],
    ['application/vnd.apple.keynote', 'key', zip],
    // mail, contacts, appointments
    ['message/rfc822', 'eml'],
    ['application/mbox', 'mbox'],
    ['application/vnd.ms-outlook', 'msg', ole],
    ['text/vcard', 'vcf', undefined, 'text/x-vcard'],
    ['text/calendar', 'ics'],
    // text
    ['text/plain', 'txt text log ini cfg conf env properties'],
    ['text/markdown', 'md markdown', undefined, 'text/x-markdown'],
    ['text/csv', 'csv'],
    ['text/tab-separated-values', 'tsv'],
    ['text/html', 'html htm', xml],
    ['application/xhtml+xml', 'xhtml', xml],
    [xml, 'xml xsl xsd', undefined, 'text/xml'],
    ['application/json', 'json'],
    ['application/geo+json', 'geojson'],
    ['application/x-ndjson', 'ndjson jsonl'],
    ['application/yaml', 'yaml yml', undefined, 'text/yaml application/x-yaml'],
    ['application/toml', 'toml'],
    ['application/x-tex', 'tex', undefined, 'text/x-tex'],
    ['application/x-subrip', 'srt'],
    ['text/vtt', 'vtt'],
    ['application/vnd.apple.mpegurl', 'm3u m3u8', undefined, 'audio/x-mpegurl audio/mpegurl application/x-mpegurl'],
    ['application/gpx+xml', 'gpx', xml],
    ['application/vnd.google-earth.kml+xml', 'kml', xml],
    // code
    ['text/javascript', 'js mjs cjs jsx', undefined, 'application/javascript application/x-javascript'],
    ['text/typescript', 'ts tsx mts cts', undefined, 'application/typescript text/x-typescript'],
    ['text/css', 'css'],
    ['text/x-scss', 'scss sass less'],
    ['text/x-python', 'py pyi pyw', undefined, 'application/x-python-code text/x-script.python'],
    ['text/x-ruby', 'rb'],
    ['text/x-php', 'php', undefined, 'application/x-httpd-php'],
    ['text/x-perl', 'pl pm', undefined, 'application/x-perl'],
    ['text/x-java', 'java'],
    ['text/x-kotlin', 'kt kts'],
    ['text/x-scala', 'scala'],
    ['text/x-c', 'c h'],
    ['text/x-c++', 'cpp cc cxx hpp hh'],
    ['text/x-csharp', 'cs'],
    ['text/x-go', 'go'],
    ['text/x-rust', 'rs'],
    ['text/x-swift', 'swift'],
    ['text/x-objective-c', 'm mm'],
    ['text/x-lua', 'lua'],
    ['text/x-r', 'r'],
    ['text/x-haskell', 'hs'],
    ['text/x-elixir', 'ex exs'],
    ['text/x-erlang', 'erl'],
    ['text/x-clojure', 'clj cljs'],
    ['text/x-dart', 'dart'],
    ['text/x-vue', 'vue svelte'],
    ['text/x-sql', 'sql', undefined, 'application/sql'],
    ['text/x-shellscript', 'sh bash zsh', undefined, 'application/x-sh'],
    ['text/x-powershell', 'ps1'],
    ['text/x-batch', 'bat cmd'],
    ['text/x-diff', 'diff patch'],
    ['application/x-ipynb+json', 'ipynb'],
  ],
};

const byType = new Map<string, Kind>();
const byExtension = new Map<string, Kind>();
for (const mediaType of ['image', 'audio', 'video', 'archive', 'document'] as const) {
  for (const [type, extensions, within, aliases = ''] of table[mediaType]) {
    const kind: Kind = { type, mediaType, ...(within !== undefined && { within }) };
    for (const name of [type, ...aliases.split(' ')]) byType.set(name.toLowerCase(), kind);
    for (const extension of extensions.split(' ')) byExtension.set(extension, kind);
  }
}

/** The kind with this extension, without the dot and in any case. */
export function kindOfExtension(extension: string): Kind | undefined {
  return byExtension.get(extension.toLowerCase());
}

/** The kind with this type, which can have parameters. */
export function kindOfType(type: string): Kind {
  const name = type.replace(/;.*/s, '').trim().toLowerCase();
  return byType.get(name) ?? { type: name, mediaType: otherMediaType(name) };
}

function otherMediaType(type: string): MediaType {
  const group = type.slice(0, type.indexOf('/'));
  if (group === 'image' || group === 'audio' || group === 'video') return group;
  if (/\+zip$/.test(type)) return 'archive';
  return group === 'text' || group === 'message' || /\+(xml|json)$/.test(type) ? 'document' : 'unknown';
}

/** All rows, for tests and documentation: the media type, the type and its extensions. */
export function listKinds(): { mediaType: MediaType; type: string; extensions: string[] }[] {
  return Object.entries(table).flatMap(([mediaType, rows]) =>
    rows.map(([type, extensions]) => ({ mediaType: mediaType as MediaType, type, extensions: extensions.split(' ') })),
  );
}
