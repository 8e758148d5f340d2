import type { Level, Printed, PrintedError } from '../messages.ts';

/** A line of the console. */
export type Entry = { id: number } & (
  | { kind: 'printed'; level: Level | 'result'; values: Printed[] }
  | { kind: 'failed'; error: PrintedError }
  | { kind: 'note'; text: string }
);
