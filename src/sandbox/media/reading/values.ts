// Values in files are untrusted: a field can have any type and any length.

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/**
 * A text field up to its first NUL, without control characters and surrounding white space, cut at 1,000 characters. Fields of a
 * fixed length can have anything behind the NUL.
 */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && numberOf(value) === undefined) return undefined;
  const [text = ''] = String(value).slice(0, 4000).split('\0', 1);
  const clean = text.toWellFormed().replace(controlCharacters, ' ').trim().slice(0, 1000);
  return clean === '' ? undefined : clean.replace(/[\ud800-\udbff]$/, ''); // do not keep half of a surrogate pair
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the pattern looks for
const controlCharacters = /[\u0001-\u001f\u007f-\u009f]+/g;

/** Removes undefined fields. */
export function compact(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A media type in lower case, without its parameters. */
export function essence(type: string): string {
  return type.replace(/;.*/s, '').trim().toLowerCase();
}
