import { InvalidArgumentError } from 'commander';
import picomatch from 'picomatch';
import { type FileInfo, fileName } from '../../index.js';

export const sortKeys = ['name', 'date', 'size', 'kind'] as const;

/** The names that `--kind` takes. */
export const kinds = ['document', 'image', 'audio', 'video', 'archive', 'unknown'] as const;

/** Which files `ls` prints. */
export interface Filters {
  kind?: string;
  tag?: string[];
  starred?: boolean;
  shared?: boolean;
  public?: boolean;
  since?: Date;
  before?: Date;
  minSize?: number;
  maxSize?: number;
}

/** Returns a test of files. */
export function fileFilter(name: string | undefined, filters: Filters): (file: FileInfo) => boolean {
  const { kind, tag = [], starred, shared, since, before, minSize = 0, maxSize = Number.POSITIVE_INFINITY } = filters;
  const hasName = name === undefined ? () => true : nameTest(name);
  return (file) =>
    hasName(fileName(file)) &&
    (kind === undefined || file.media_type === kind) &&
    tag.every((one) => file.tags.includes(one)) &&
    (!starred || file.starred) &&
    (!shared || file.shared !== 0) &&
    (!filters.public || file.public_url !== null) &&
    (since === undefined || file.time_added >= since) &&
    (before === undefined || file.time_added < before) &&
    file.size >= minSize &&
    file.size <= maxSize;
}

/** A text matches names that contain it, a pattern such as `*.jpg` whole names. Case does not matter. */
function nameTest(text: string): (name: string) => boolean {
  const wanted = text.normalize('NFC');
  const part = wanted.toLowerCase();
  if (!/[*?[{]/.test(wanted)) return (name) => name.normalize('NFC').toLowerCase().includes(part);
  const matches = picomatch(wanted, { nocase: true, dot: true, bash: true });
  return (name) => matches(name.normalize('NFC').replaceAll('/', '_'));
}

/** Sorts files by name, the newest first, the largest first, or by kind and name. */
export function compareBy(key: (typeof sortKeys)[number]): (one: FileInfo, other: FileInfo) => number {
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  const byName = (one: FileInfo, other: FileInfo) => compare(fileName(one), fileName(other));
  switch (key) {
    case 'name':
      return byName;
    case 'date':
      return (one, other) => Number(other.time_added) - Number(one.time_added);
    case 'size':
      return (one, other) => other.size - one.size;
    case 'kind':
      return (one, other) => compare(one.media_type, other.media_type) || byName(one, other);
  }
}

const units = ['', 'k', 'm', 'g', 't'];

/** Parses a size, such as `10MB` (10,000,000 bytes) or `10MiB` (10,485,760 bytes). */
export function parseSize(text: string): number {
  const [, number = '', unit = '', binary] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b?$/i.exec(text) ?? [];
  if (number === '') throw new InvalidArgumentError('It must be a size, such as 500kB, 10MB or 2GiB.');
  return Number(number) * (binary ? 1024 : 1000) ** units.indexOf(unit.toLowerCase());
}

const days = { d: 1, w: 7, y: 365 } as const;

/** Parses a date, such as `2014-05-01` (UTC), `2014-05-01T12:00Z` or `30d` (30 days ago). */
export function parseDate(text: string): Date {
  const [, number, unit] = /^(\d{1,5})([dwy])$/.exec(text) ?? [];
  if (number !== undefined) return new Date(Date.now() - Number(number) * days[unit as keyof typeof days] * 86_400_000);
  const date = new Date(/^\d{4}-\d\d-\d\d(T|$)/.test(text) ? text : Number.NaN);
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('It must be a date, such as 2014-05-01, or an age, such as 30d.');
  return date;
}
