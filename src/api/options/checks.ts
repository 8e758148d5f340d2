import { invalid, kindOf } from '../../protocol/checks.js';
import { visible } from '../../protocol/grammar.js';
import { type OptionChecks, readOptions } from '../../protocol/options.js';
import { type Rendition, renditions } from '../../protocol/renditions.js';
import type { ByteRange } from '../../transport/download/range.js';

// Checks of the arguments of API calls. Each throws a ConfigurationError that names the argument.

/** An id is one path segment. URL parsers resolve `.` and `..`. */
export function checkId(id: unknown): string {
  if (typeof id !== 'string') throw invalid('id', `must be a string, not ${kindOf(id)}`);
  if (id === '' || id === '.' || id === '..' || id.length > 1_000)
    throw invalid('id', 'must be an id that list() returned');
  if (!id.isWellFormed()) throw invalid('id', 'must be well-formed Unicode');
  return id;
}

export function checkBoolean(name: string, value: boolean | undefined): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(name, `must be true or false, not ${kindOf(value)}`);
}

/** A boolean, as a query parameter. */
export function checkFlag(name: string, value: boolean | undefined): 'true' | 'false' | undefined {
  const flag = checkBoolean(name, value);
  return flag === undefined ? undefined : flag ? 'true' : 'false';
}

export function checkStrings(name: string, values: readonly string[] | undefined): string[] | undefined {
  if (values === undefined) return undefined;
  if (!Array.isArray(values) || values.some((value) => typeof value !== 'string' || value.trim() === '')) {
    throw invalid(name, 'must be an array of non-empty strings');
  }
  return [...values];
}

/** Tags, as a query parameter. */
export function checkTags(name: string, tags: readonly string[] | undefined): string | undefined {
  const checked = checkStrings(name, tags);
  if (checked?.some((tag) => tag.includes(','))) throw invalid(name, 'must not contain a comma, which separates tags');
  return checked && checked.length > 0 ? checked.join(',') : undefined;
}

export function checkName(name: string, value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw invalid(name, 'must be a file name, such as photo.jpg');
}

const mediaType = /^[\w.+-]+\/[\w.+-]+([ \t]*;[\x20-\x7e]*)?$/;

export function checkType(name: string, type: string | undefined): string | undefined {
  if (type === undefined || isMediaType(type)) return type;
  throw invalid(name, 'must be a media type, such as image/jpeg');
}

export function isMediaType(type: unknown): type is string {
  return typeof type === 'string' && mediaType.test(type);
}

export function checkRendition(rendition: Rendition): Rendition {
  if (renditions.includes(rendition)) return rendition;
  throw invalid('rendition', `must be one of ${renditions.join(', ')}`);
}

const rangeChecks = {
  start: (_, value) => value,
  end: (_, value) => value,
  ifRange: checkValidator,
} satisfies OptionChecks<ByteRange>;

export function checkRange(name: string, range: ByteRange | undefined): ByteRange | undefined {
  if (range === undefined) return undefined;
  if (typeof range === 'object' && range !== null) {
    const { start, end, ifRange } = readOptions(name, range, rangeChecks);
    const last = end === undefined ? start : end;
    if (Number.isSafeInteger(start) && Number.isSafeInteger(last) && start >= 0 && last >= start) {
      return { start, end, ifRange };
    }
  }
  throw invalid(name, 'must be { start, end? }: inclusive byte positions, as integers, with end at or after start');
}

function checkValidator(name: string, validator: string | undefined): string | undefined {
  if (validator === undefined) return undefined;
  if (typeof validator !== 'string' || !visible.test(validator) || /^\s*W\//.test(validator)) {
    throw invalid(name, "must be the server's ETag, which must not be weak, or its Last-Modified");
  }
  return validator;
}
