/** Values out of files are whatever somebody wrote there. */

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** What people wrote, without the NULs and blanks that fill up its field; at most 1,000 characters. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).replaceAll('\0', '').trim().slice(0, 1000);
  return text === '' ? undefined : text;
}

/** Without what is not known. */
export function compact(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A media type without its parameters. */
export function essence(type: string): string {
  return type.replace(/;.*/s, '').trim().toLowerCase();
}
