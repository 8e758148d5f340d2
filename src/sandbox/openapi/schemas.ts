import * as z from 'zod/mini';
import { renditions } from '../../protocol/renditions.js';
import { fileChanges, publicity } from '../files/file-routes.js';
import { tapeChanges } from '../tapes/tape-routes.js';

// What travels, in its documented form (wire document sections 2 to 5). The schemas of the SDK accept more, because they read what
// servers of 2012 sent, too.

/** The descriptions of schemas, and the names of those that others refer to. */
const notes = z.registry<{ id?: string; description: string }>();

function note<S extends z.ZodMiniType>(schema: S, description: string): S {
  notes.add(schema, { description });
  return schema;
}

const bytes = (description: string) => note(z.int().check(z.gte(0)), description);
const text = (description: string) => note(z.string(), description);
const flag = (description: string) => note(z.boolean(), description);
const textOrNumber = (description: string) => note(z.union([z.string(), z.number()]), description);
const optional = z.optional;

const id = text('A UUID in small letters.');
const tags = note(
  z.array(z.string()),
  '`+name` shares the file with a user, `#name` adds it to a tape, and any other text is a plain tag.',
);

const meta = note(
  z.object({
    title: optional(text('Documents, audio, video.')),
    author: optional(text('Documents, video.')),
    doctag: optional(text('Documents.')),
    width: optional(note(z.int(), 'Images, video: pixels.')),
    height: optional(note(z.int(), 'Images, video: pixels.')),
    orientation: optional(textOrNumber('Images: the EXIF value.')),
    iso: optional(textOrNumber('Images: the sensitivity.')),
    flash: optional(flag('Images: whether the flash fired.')),
    vendor: optional(text('Images: the camera manufacturer.')),
    model: optional(text('Images: the camera model.')),
    gps_latitude: optional(textOrNumber('Images.')),
    gps_latitude_reference: optional(text('Images: `N` or `S`.')),
    gps_longitude: optional(textOrNumber('Images.')),
    gps_longitude_reference: optional(text('Images: `E` or `W`.')),
    gps_altitude: optional(textOrNumber('Images.')),
    album: optional(text('Audio.')),
    artist: optional(text('Audio.')),
    year: optional(textOrNumber('Audio.')),
    genre: optional(text('Audio.')),
    duration: optional(note(z.number(), 'Audio, video: seconds.')),
    rotation: optional(textOrNumber('Video: degrees.')),
    definition: optional(note(z.enum(['hd', 'sd']), 'Video.')),
    encrypted: optional(flag('Archives.')),
    bytesComp: optional(bytes('Archives: the compressed size.')),
    bytesUncomp: optional(bytes('Archives: the uncompressed size.')),
    numFiles: optional(bytes('Archives: the number of files.')),
  }),
  'Metadata of the content. The fields depend on the kind of file, and any of them may be missing.',
);

const components: Record<string, z.ZodMiniType> = {
  Account: note(
    z.object({
      quota: bytes('The storage quota in bytes.'),
      username: text('The username, which other users share files with.'),
      firstname: text('May be empty.'),
      lastname: text('May be empty.'),
      email: text('May be empty.'),
      country_code: text('Such as `DE`. May be empty.'),
      avatar: note(z.url(), 'The URL of the avatar. Fetching it requires the token.'),
      quota_used: bytes('The used storage in bytes.'),
      quota_free: note(z.int(), 'The free storage in bytes.'),
      type: note(z.enum(['basic', 'pro']), 'The type of account.'),
    }),
    'The user who has signed in.',
  ),

  FileMeta: meta,

  File: note(
    z.object({
      id,
      public_url: note(z.nullable(z.url()), 'The public URL, or null if the file is private.'),
      name: text('The name without its extension.'),
      extension: text('The extension without the dot. May be empty.'),
      size: bytes('The size in bytes.'),
      time_added: note(z.int(), 'Unix seconds.'),
      media_type: z.enum(['document', 'image', 'audio', 'video', 'archive', 'unknown']),
      tags,
      origin: text(
        'How the file was added: `webupload`, `dropbox`, `mail`, `mobile`, or the name of a program or tape.',
      ),
      starred: z.boolean(),
      shared: note(
        z.union([z.literal(0), z.literal(1), z.string()]),
        '0 if the user owns the file, 1 if it is shared with the user, or the id of the user who shares it through a tape.',
      ),
      processing_status: z.enum(['ok', 'failed', 'processing']),
      meta,
    }),
    'A file.',
  ),

  UploadedFile: note(
    z.object({
      id,
      name: text('The name with its extension.'),
      size: note(z.string().check(z.regex(/^\d+$/)), 'The size in bytes. It is text in this response only.'),
    }),
    'A file that was uploaded.',
  ),

  Tape: note(
    z.object({
      id,
      name: text("The name. That of another user's tape has the name of the owner and a slash in front."),
      live: z.boolean(),
      shared_with: note(z.array(z.string()), 'The usernames of the users that the tape is shared with.'),
      files: note(z.array(z.string()), 'The ids of the files.'),
    }),
    'A collection of files that can be shared.',
  ),

  FileChanges: note(fileChanges, 'The fields to change. `tags` replaces all tags.'),
  Publicity: note(publicity, 'Whether the file is to be public.'),
  TapeChanges: note(tapeChanges, 'The fields to change. `shared_with` replaces the list.'),

  Failure: note(
    z.object({
      error: z.object({ code: note(z.int(), 'The HTTP status.'), message: z.string() }),
      result: z.null(),
    }),
    'A failure.',
  ),

  OAuthFailure: note(
    z.object({ error: text('A code of RFC 6749.'), error_description: optional(z.string()) }),
    'A failure of the OAuth endpoints.',
  ),

  Token: note(
    z.object({
      access_token: z.string(),
      token_type: z.literal('Bearer'),
      expires_in: note(z.int(), 'Seconds: five years.'),
      refresh_token: optional(text('`[deprecated]`')),
      scope: optional(text('The granted scopes, separated by spaces.')),
    }),
    'An access token.',
  ),

  ViewUpload: note(
    z.object({
      field: text('The name of the form field.'),
      id: note(z.nullable(z.string()), 'The id of the document, or null if the file failed.'),
      size: bytes('The size in bytes.'),
      embed: optional(note(z.url(), 'After a `lazy` upload: an embed URL that does not expire.')),
      error: optional(text('Why this file failed.')),
    }),
    'The result of one file of an upload to the View API.',
  ),

  Rendition: note(z.enum(renditions.filter((name) => name !== 'original')), 'A form of the file that doctape made.'),
};

/** The component schemas of the document. */
export function componentSchemas(): Record<string, unknown> {
  for (const [name, schema] of Object.entries(components)) {
    notes.add(schema, { description: notes.get(schema)?.description ?? '', id: name });
  }
  const uri = (name: string) => `#/components/schemas/${name}`;
  const { schemas } = z.toJSONSchema(notes, {
    io: 'input',
    uri,
    metadata: notes,
    override({ jsonSchema }) {
      // that an integer fits into a JavaScript number goes without saying
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return Object.fromEntries(Object.entries(schemas).map(([name, { $schema, $id, id, ...schema }]) => [name, schema]));
}
