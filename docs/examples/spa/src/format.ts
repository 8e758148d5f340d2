import type { FileInfo } from 'doctape-sdk';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

export function formatSize(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return new Intl.NumberFormat('en', {
    style: 'unit',
    unit: units[power],
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power === 0 || value >= 100 ? 0 : 1,
  }).format(value);
}

/** `3 days ago`; what is older than a month has its date. */
export function formatAge(time: Date, now: Date = new Date()): string {
  const minutes = (now.getTime() - time.getTime()) / 60_000;
  if (minutes < 1) return 'just now';
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  if (minutes < 60) return relative.format(-Math.floor(minutes), 'minute');
  if (minutes < 24 * 60) return relative.format(-Math.floor(minutes / 60), 'hour');
  const days = Math.floor(minutes / (24 * 60));
  if (days < 31) return relative.format(-days, 'day');
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium' }).format(time);
}

export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** The name as people know it, with the extension. */
export function fullName({ name, extension }: FileInfo): string {
  return extension === '' ? name : `${name}.${extension}`;
}
