import * as z from 'zod/mini';
import type { Schema } from './decode.js';

/** A tape: a collection of files that can be shared (wire document section 3.4). Fields that the server adds are kept. */
export interface Tape {
  id: string;
  /** Somebody else's has its owner's name before a slash. */
  name: string;
  live: boolean;
  /** Usernames. */
  shared_with: string[];
  /** Ids of files. */
  files: string[];
}

export const tape: Schema<Tape> = z.pipe(
  z.looseObject({
    id: z.string().check(z.minLength(1)),
    name: z.string(),
    live: z.nullish(z.boolean()),
    shared_with: z.nullish(z.array(z.string())),
    files: z.nullish(z.array(z.string())),
  }),
  z.transform((value) => ({
    ...value,
    live: value.live ?? false,
    shared_with: value.shared_with ?? [],
    files: value.files ?? [],
  })),
);
