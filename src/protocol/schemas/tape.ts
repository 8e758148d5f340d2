import type { Schema } from './decode.js';
import { filled, flag, optional, text, texts, wireObject } from './wire-object.js';

/**
 * A tape: a collection of files that can be shared (wire document section 3.4). Fields that the server adds are kept, as in
 * {@link Account}.
 */
export type Tape = {
  /** What every call about the tape takes. A UUID, at doctape. */
  id: string;
  /** Somebody else's has its owner's name before a slash. */
  name: string;
  /** doctape's documentation gives it no meaning, only that it is a boolean. */
  live: boolean;
  /** Usernames of all who may see it. */
  shared_with: string[];
  /** Ids of the files in it. */
  files: string[];
};

export const tape: Schema<Tape> = wireObject(
  { id: filled, name: text, live: optional(flag), shared_with: optional(texts), files: optional(texts) },
  (wire): Tape => {
    const tape: Record<string, unknown> = { ...wire };
    tape.live ??= false;
    tape.shared_with ??= [];
    tape.files ??= [];
    return tape as Tape; // every field was checked above or has just been set
  },
);
