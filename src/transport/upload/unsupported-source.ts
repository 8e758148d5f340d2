import { invalid, kindOf } from '../../protocol/checks.js';
import type { ConfigurationError } from '../../protocol/errors.js';

/** The error for a source that cannot be uploaded, with a remedy for common mistakes. */
export function unsupportedSource(source: unknown): ConfigurationError {
  const has = (name: string) => typeof source === 'object' && source !== null && name in source;
  if (typeof source === 'string') {
    return invalid('source', 'must not be a string: for a path open the file, for text pass new Blob([text])');
  }
  if (has('then')) return invalid('source', 'is a promise: await it first');
  if (has('getAll')) return invalid('source', 'is a form: pass the files in it');
  if (has('getFile')) return invalid('source', 'is a file handle: pass await handle.getFile()');
  if (has('body')) return invalid('source', 'is a request: pass its body, or the incoming request of Node.js itself');
  if (has('pipe')) return invalid('source', 'is a stream that cannot be iterated: pass new Readable().wrap(stream)');
  return invalid('source', `must be a File, Blob, buffer, stream, Response or { stream, size }, not ${kindOf(source)}`);
}
