import {
  byId,
  byteParameters,
  bytes,
  failing,
  json,
  object,
  type Part,
  parameter,
  ref,
  scopes,
  success,
} from './operation.js';

// wire document section 3

const id = parameter('path', 'id', { type: 'string' }, 'The id of the file.');
const tapeId = parameter('path', 'id', { type: 'string' }, 'The id of the tape.');
const rendition = parameter('path', 'rendition', ref('Rendition'), 'A form of the file that doctape made.');
const flag = { type: 'boolean' };
const yes = { type: 'boolean', const: true };

const account: Part = {
  '/v1/account': {
    get: {
      operationId: 'getAccount',
      summary: 'The account of the user',
      security: scopes('account.read'),
      responses: { 200: success('The account.', ref('Account')), ...failing(401, 403) },
    },
  },
  '/v1/account/avatar/{size}': {
    get: {
      operationId: 'getAvatar',
      summary: 'The picture of the user',
      parameters: [
        parameter('path', 'size', { type: 'integer', enum: [50, 300, 600] }, 'The width in pixels.'),
        ...byteParameters,
      ],
      security: scopes('account.read'),
      responses: { ...bytes('image/jpeg'), ...failing(401, 403, 404) },
    },
  },
};

const files: Part = {
  '/v1/doc': {
    get: {
      operationId: 'listFiles',
      summary: 'All files of the user, and those shared with them',
      parameters: [parameter('query', 'include_meta', flag, 'Whether `meta` is filled in.')],
      security: scopes('file.read'),
      responses: { 200: success('The files by id.', byId(ref('File'))), ...failing(401, 403) },
    },
  },
  '/v1/doc/upload': {
    post: {
      operationId: 'uploadFiles',
      summary: 'Upload files',
      parameters: [
        parameter('query', 'tags', { type: 'string' }, 'The tags of each file, separated by commas.'),
        parameter('query', 'starred', flag, 'Whether each file is starred.'),
        parameter(
          'header',
          'X-DT-Origin-Desc',
          { type: 'string' },
          'The name of the program: the `origin` of the files.',
        ),
      ],
      requestBody: {
        required: true,
        description: 'A form. Each part with a file name is a file, whatever the part is called.',
        content: {
          'multipart/form-data': {
            schema: object({ file: { type: 'array', items: { type: 'string', format: 'binary' } } }),
          },
        },
      },
      security: scopes('file.create'),
      responses: { 200: success('The new files by id.', byId(ref('UploadedFile'))), ...failing(400, 401, 403, 413) },
    },
  },
  '/v1/doc/{id}': {
    parameters: [id],
    get: {
      operationId: 'getFile',
      summary: 'One file, with its metadata',
      security: scopes('file.read'),
      responses: { 200: success('The file.', ref('File')), ...failing(401, 403, 404) },
    },
    post: {
      operationId: 'updateFile',
      summary: 'Change the name, the tags or the star of a file',
      requestBody: { required: true, content: json(ref('FileChanges')) },
      security: scopes('file.update', 'file.read'),
      responses: { 200: success('The changed file.', ref('File')), ...failing(400, 401, 403, 404, 413) },
    },
    delete: {
      operationId: 'deleteFile',
      summary: 'Delete a file',
      security: scopes('file.delete', 'file.read'),
      responses: { 200: success('The file is deleted.', object({ deleted: yes })), ...failing(401, 403, 404) },
    },
  },
  '/v1/doc/{id}/original': {
    get: {
      operationId: 'downloadOriginal',
      summary: 'The bytes of a file',
      parameters: [id, ...byteParameters],
      security: scopes('file.read'),
      responses: { ...bytes('*/*'), ...failing(401, 403, 404) },
    },
  },
  '/v1/doc/{id}/{rendition}': {
    get: {
      operationId: 'downloadRendition',
      summary: 'A thumbnail or another form of a file',
      description: 'A file that does not have the rendition is a 404.',
      parameters: [id, rendition, ...byteParameters],
      security: scopes('file.read'),
      responses: { ...bytes('image/jpeg', 'application/pdf', 'audio/mpeg', 'video/mp4'), ...failing(401, 403, 404) },
    },
  },
  '/v1/doc/{id}/clone': {
    post: {
      operationId: 'cloneFile',
      summary: 'Copy a file',
      parameters: [id],
      security: scopes('file.create', 'file.read'),
      responses: {
        200: success('The id of the copy.', object({ cloned: yes, id: { type: 'string' } })),
        ...failing(401, 403, 404, 413),
      },
    },
  },
  '/v1/doc/{id}/public': {
    post: {
      operationId: 'publishFile',
      summary: 'Make a file public, or private again',
      parameters: [id],
      requestBody: { required: true, content: json(ref('Publicity')) },
      security: scopes('file.update', 'file.read'),
      responses: {
        200: success(
          'The state of the file.',
          object({
            public: flag,
            published: flag,
            public_url: { type: 'string', description: 'Empty if the file is private.' },
          }),
        ),
        ...failing(400, 401, 403, 404, 413),
      },
    },
  },
  '/v1/doc/{id}/extract': {
    post: {
      operationId: 'extractFile',
      summary: 'Unpack a zip archive',
      parameters: [id],
      security: scopes('file.create', 'file.read'),
      responses: {
        200: success('The files of the archive are added.', object({ extracted: yes })),
        ...failing(400, 401, 403, 404),
      },
    },
  },
};

const tapes: Part = {
  '/v1/tape': {
    get: {
      operationId: 'listTapes',
      summary: 'All tapes of the user, and those shared with them',
      security: scopes('tape.read', 'file.read'),
      responses: { 200: success('The tapes by id.', byId(ref('Tape'))), ...failing(401, 403) },
    },
  },
  '/v1/tape/{id}': {
    parameters: [tapeId],
    get: {
      operationId: 'getTape',
      summary: 'One tape',
      security: scopes('tape.read', 'file.read'),
      responses: { 200: success('The tape.', ref('Tape')), ...failing(401, 403, 404) },
    },
    post: {
      operationId: 'updateTape',
      summary: 'Change with whom a tape is shared',
      requestBody: { required: true, content: json(ref('TapeChanges')) },
      security: scopes('tape.update', 'tape.read', 'file.read'),
      responses: { 200: success('The changed tape.', ref('Tape')), ...failing(400, 401, 403, 404, 413) },
    },
  },
};

/** The paths of the Core API, each with the tag of its part. */
export const corePaths: Part = { ...tagged('account', account), ...tagged('files', files), ...tagged('tapes', tapes) };

/** Adds a tag to each operation. */
function tagged(tag: string, paths: Part): Part {
  return JSON.parse(JSON.stringify(paths), (_, value) => (value?.operationId ? { tags: [tag], ...value } : value));
}
