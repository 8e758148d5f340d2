import { invalid } from '../protocol/checks.js';

/** The name and the extension of a file, such as a {@link FileInfo}. */
export interface NamedFile {
  /** The name without its extension. */
  readonly name: string;
  /** The extension without the dot. May be empty. */
  readonly extension: string;
}

/**
 * Returns the name of a file with its extension.
 *
 * @example
 * for (const file of await api.files.list()) console.log(fileName(file));
 *
 * @throws {ConfigurationError} `invalid_argument` if `name` or `extension` is not a string
 */
export function fileName(file: NamedFile): string {
  const { name, extension } = file ?? {};
  if (typeof name !== 'string' || typeof extension !== 'string') {
    throw invalid('file', 'must be a file of list() or get(), with a name and an extension');
  }
  return extension === '' ? name : `${name}.${extension}`;
}

/**
 * Returns the value of a `Content-Disposition` header with the name of a file (RFC 6266). Names in all scripts are encoded
 * (RFC 8187), and a name cannot add a header or a parameter.
 *
 * @param type `attachment`: the browser saves the file. `inline`: it may show it. Do not use `inline` for files of others, because
 * an HTML file would run with the origin of your application
 *
 * @example
 * const file = await api.files.get(id);
 * const { body } = await api.files.download(id);
 * const response = new Response(body, { headers: { 'Content-Disposition': contentDisposition(file) } });
 *
 * @throws {ConfigurationError} `invalid_argument` if an argument is invalid
 */
export function contentDisposition(file: NamedFile, type: 'attachment' | 'inline' = 'attachment'): string {
  if (type !== 'attachment' && type !== 'inline') throw invalid('type', 'must be attachment or inline');
  const name = fileName(file).toWellFormed();
  const ascii = name.replace(/[^ -~]/g, '?');
  const quoted = `${type}; filename="${ascii.replace(/["\\]/g, '\\$&')}"`;
  // some browsers decode % in the plain form
  if (ascii === name && !/%[\da-f]{2}/i.test(name)) return quoted;
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${quoted}; filename*=UTF-8''${encoded}`;
}
