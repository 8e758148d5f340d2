import type { Schema } from './decode.js';
import { filled, flag, optional, text, texts, wireObject } from './wire-object.js';

// wire document section 3.4
/** A tape: a collection of files that can be shared. Additional fields from the server are kept, as in {@link Account}. */
export type Tape = {
  /** The id, which all methods for a single tape take. doctape used UUIDs. */
  id: string;
  /** The name. A tape of another user has the name of its owner and a slash in front. */
  name: string;
  /** doctape's documentation does not explain this flag. */
  live: boolean;
  /** The usernames of the users that the tape is shared with. */
  shared_with: string[];
  /** The ids of the files in the tape. */
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
