import { invalid } from '../../protocol/checks.js';
import { checkStrings } from './checks.js';

// Checks of the options of uploads. They are not in the first bundle of a page.

/** Tags, as a query parameter. */
export function checkTags(name: string, tags: readonly string[] | undefined): string | undefined {
  const checked = checkStrings(name, tags);
  if (checked?.some((tag) => tag.includes(','))) throw invalid(name, 'must not contain a comma, which separates tags');
  return checked && checked.length > 0 ? checked.join(',') : undefined;
}

const mediaType = /^[\w.+-]+\/[\w.+-]+([ \t]*;[\x20-\x7e]*)?$/;

export function checkType(name: string, type: string | undefined): string | undefined {
  if (type === undefined || isMediaType(type)) return type;
  throw invalid(name, 'must be a media type, such as image/jpeg');
}

export function isMediaType(type: unknown): type is string {
  return typeof type === 'string' && mediaType.test(type);
}
