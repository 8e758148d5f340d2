import { invalid, kindOf } from '../../protocol/checks.js';
import { type Rendition, renditions } from '../../protocol/renditions.js';

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

export function checkName(name: string, value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw invalid(name, 'must be a file name, such as photo.jpg');
}

export function checkRendition(rendition: Rendition): Rendition {
  if (renditions.includes(rendition)) return rendition;
  throw invalid('rendition', `must be one of ${renditions.join(', ')}`);
}
