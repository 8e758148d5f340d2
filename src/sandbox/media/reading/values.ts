// Values in files are untrusted: a field can have any type and any length.

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A text field without NULs and surrounding white space, cut at 1,000 characters. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).replaceAll('\0', '').trim().slice(0, 1000);
  return text === '' ? undefined : text;
}

/** Removes undefined fields. */
export function compact(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A media type in lower case, without its parameters. */
export function essence(type: string): string {
  return type.replace(/;.*/s, '').trim().toLowerCase();
}
