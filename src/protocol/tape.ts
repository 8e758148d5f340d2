import type { Schema } from './decode.js';
import { filled, flag, optional, text, texts, wireObject } from './wire-object.js';

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

export const tape: Schema<Tape> = wireObject(
  { id: filled, name: text, live: optional(flag), shared_with: optional(texts), files: optional(texts) },
  (wire): Tape => {
    const tape: Record<string, unknown> = { ...wire };
    tape.live ??= false;
    tape.shared_with ??= [];
    tape.files ??= [];
    return tape as Record<string, unknown> & Tape; // every field was checked above or has just been set
  },
);
