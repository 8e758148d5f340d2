import * as z from 'zod/mini';
import type { Schema } from './decode.js';
import { errorMessage } from './envelope.js';

/** A file of an upload to the View API, as it travels (wire document section 5.2). */
export interface ViewDocument {
  /** The name of its field in the form. */
  field: string;
  /** Empty if the upload of this file failed. */
  id: string;
  /** Bytes. */
  size: number;
  /** A signed URL of the viewer, after a lazy upload. */
  embed: string | undefined;
  /** The reason of the server, if the upload of this file failed. */
  error: string | undefined;
}

const size = z.union([z.number().check(z.gte(0)), z.string().check(z.regex(/^\d{1,15}$/))]);

const viewDocument = z.pipe(
  z
    .object({
      field: z.string(),
      id: z.nullish(z.string()),
      size: z.nullish(size),
      embed: z.nullish(z.string()),
      error: z.nullish(z.unknown()),
    })
    .check(z.refine(({ id, error }) => Boolean(id) || Boolean(error), { path: ['id'] })),
  z.transform(
    ({ field, id, size, embed, error }): ViewDocument => ({
      field,
      id: id ?? '',
      size: Number(size ?? 0),
      embed: embed ?? undefined,
      error: error ? (errorMessage(error).message ?? 'the server gave no reason') : undefined,
    }),
  ),
);

/** The response to an upload, and the content of a callback. */
export const viewDocuments: Schema<ViewDocument[]> = z.array(viewDocument);
