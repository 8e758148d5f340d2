import type { Printed } from '../messages.ts';

// How the output shows values: as the console of a browser does, but as text.

/** Prepares the arguments of a call such as `console.log()`. Images stay images, and the values between them become one text. */
export function printed(values: readonly unknown[]): Printed[] {
  const parts: Printed[] = [];
  for (const value of values) {
    const last = parts.at(-1);
    if (isImage(value)) parts.push({ image: value });
    else if (last && 'text' in last) last.text += ` ${textOf(value)}`;
    else parts.push({ text: textOf(value) });
  }
  return parts.map((part) => ('text' in part ? { text: shortened(part.text) } : part));
}

/** A text of many megabytes would stop the page. */
function shortened(text: string): string {
  const more = text.length - maxLength;
  return more > 0 ? `${text.slice(0, maxLength)}… and ${more} more characters` : text;
}

function isImage(value: unknown): value is Blob {
  try {
    return value instanceof Blob && value.type.startsWith('image/');
  } catch {
    return false; // a proxy whose handler throws
  }
}

/** Prepares the argument of `console.table()`: an array of objects. */
export function table(data: unknown): Printed {
  const rows = Array.isArray(data) ? data.filter((row) => typeof row === 'object' && row !== null) : [];
  if (rows.length === 0) return { text: inspect(data) };
  const shown = rows.slice(0, maxRows);
  const columns = [...new Set(shown.flatMap((row) => Object.keys(row)))];
  const cells = shown.map((row) => columns.map((column) => (column in row ? guarded(() => textOf(row[column])) : '')));
  return { columns, rows: rows.length > maxRows ? [...cells, [`… and ${rows.length - maxRows} more`]] : cells };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

const maxLength = 100_000;
const maxDepth = 4;
const maxEntries = 100;
const maxRows = 1_000;
const maxWidth = 72;

/** The text of a value, as code where there is code for it. Like the console of a browser, it never throws. */
export function inspect(value: unknown, depth = 0, outer: readonly object[] = []): string {
  return guarded(() => describe(value, depth, outer));
}

/** Getters and proxies run the visitor's code, which can throw. */
function guarded(read: () => string): string {
  try {
    return read();
  } catch {
    return '[cannot be read]';
  }
}

function describe(value: unknown, depth: number, outer: readonly object[]): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `[function ${value.name || '(anonymous)'}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (outer.includes(value)) return '[circular]';
  const within = (inner: unknown) => inspect(inner, depth + 1, [...outer, value]);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof URL) return value.href;
  if (value instanceof RegExp) return String(value);
  if (value instanceof File) return `File ${quoted(value.name)} (${value.size} bytes${ofType(value)})`;
  if (value instanceof Blob) return `Blob (${value.size} bytes${ofType(value)})`;
  if (value instanceof Response) return `Response ${value.status} (${value.headers.get('content-type') ?? 'no type'})`;
  if (value instanceof Element) return `<${value.localName}>`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer (${value.byteLength} bytes)`;
  if (ArrayBuffer.isView(value)) return `${nameOf(value)} (${value.byteLength} bytes)`;
  if (Array.isArray(value))
    return depth >= maxDepth
      ? `[${value.length} items]`
      : block('[', value.slice(0, maxEntries).map(within), value.length, ']', depth);
  if (value instanceof Map || value instanceof Set) {
    const first = [...value.entries()].slice(0, maxEntries);
    const entries = first.map(([key, inner]) =>
      value instanceof Map ? `${within(key)} => ${within(inner)}` : within(key),
    );
    return block(`${nameOf(value)} {`, entries, value.size, '}', depth);
  }
  const name = nameOf(value);
  if (depth >= maxDepth) return `${name} {…}`;
  const keys = Object.keys(value);
  const entries = keys.slice(0, maxEntries).map((key) => {
    const inner = guarded(() => within(Reflect.get(value, key)));
    return `${/^[\w$]+$/.test(key) ? key : quoted(key)}: ${inner}`;
  });
  return block(name === 'Object' ? '{' : `${name} {`, entries, keys.length, '}', depth);
}

/**
 * On one line if it fits.
 * @param first the first entries
 * @param count the number of all entries
 */
function block(open: string, first: string[], count: number, close: string, depth: number): string {
  const more = count - first.length;
  const entries = more > 0 ? [...first, `… and ${more} more`] : first;
  if (entries.length === 0) return open + close;
  const space = open === '[' ? '' : ' ';
  const line = open + space + entries.join(', ') + space + close;
  if (line.length <= maxWidth && !line.includes('\n')) return line;
  const indent = '  '.repeat(depth + 1);
  return `${open}\n${entries.map((entry) => indent + entry).join(',\n')}\n${'  '.repeat(depth)}${close}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}

function ofType({ type }: Blob): string {
  return type === '' ? '' : `, ${type}`;
}

function nameOf(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'Object';
}
