import {
  byteParameters,
  bytes,
  failing,
  json,
  object,
  type Part,
  parameter,
  ref,
  response,
  success,
} from './operation.js';

// wire document section 5

const text = { type: 'string' };
const page = { 'text/html': { schema: text } };
const signed = [{ auth: [] }, { multiauth: [] }];

/** What every request about a document has in its path and query. */
const document = [
  parameter('path', 'id', text, 'The id of the document.'),
  { ...parameter('query', 'app', text, 'The id of the application.'), required: true },
  parameter('query', 'expires', { type: 'integer' }, 'Unix seconds. Part of the advanced signature.'),
];
const scope = (value: string) => parameter('query', 'scope', { const: value }, 'Part of the advanced signature.');

/** The paths of the View API. */
export const viewPaths: Part = {
  '/sandbox/upload': {
    post: {
      tags: ['view'],
      operationId: 'uploadDocuments',
      summary: 'Upload documents for a person',
      description:
        'The signature is in the fields of the form, which precede the files. Other fields belong to the application.',
      requestBody: {
        required: true,
        content: {
          'multipart/form-data': {
            schema: {
              type: 'object',
              properties: {
                dt_app: { type: 'string', description: 'The id of the application.' },
                dt_target: { type: 'string', description: 'The e-mail address of the person.' },
                dt_auth: { type: 'string', description: 'The simple signature.' },
                dt_multiauth: { type: 'string', description: 'The advanced signature.' },
                dt_expires: { type: 'string', description: 'Unix seconds. Part of the advanced signature.' },
                dt_lazy: { type: 'string', description: 'Asks for embed URLs. Part of the advanced signature.' },
                dt_callback_url: { type: 'string', description: 'Where the browser posts the result to.' },
                file: { type: 'array', items: { type: 'string', format: 'binary' } },
              },
              required: ['dt_app', 'dt_target'],
            },
          },
        },
      },
      security: [],
      responses: {
        200: response('The result of each file, or a page that posts it to the callback.', {
          ...json({ type: 'array', items: ref('ViewUpload') }),
          ...page,
        }),
        ...failing(400, 401),
      },
    },
  },
  '/sandbox/doc/{id}': {
    get: {
      tags: ['view'],
      operationId: 'getDocument',
      summary: 'The metadata of a document',
      parameters: [...document, scope('file.read')],
      security: signed,
      responses: { 200: success('The file.', ref('File')), ...failing(400, 401, 404) },
    },
  },
  '/sandbox/doc/{id}/original': {
    get: {
      tags: ['view'],
      operationId: 'downloadDocument',
      summary: 'The bytes of a document',
      parameters: [...document, scope('file.read'), ...byteParameters],
      security: signed,
      responses: { ...bytes('binary/octet-stream'), ...failing(400, 401, 404) },
    },
  },
  '/sandbox/doc/{id}/{rendition}': {
    get: {
      tags: ['view'],
      operationId: 'downloadDocumentRendition',
      summary: 'A thumbnail or another form of a document',
      parameters: [
        ...document,
        parameter('path', 'rendition', ref('Rendition'), 'A form of the file that doctape made.'),
        scope('file.read'),
        ...byteParameters,
      ],
      security: signed,
      responses: { ...bytes('image/jpeg', 'application/pdf', 'audio/mpeg', 'video/mp4'), ...failing(400, 401, 404) },
    },
  },
  '/sandbox/widget/{id}': {
    get: {
      tags: ['view'],
      operationId: 'embedDocument',
      summary: 'A page that shows a document, for an iframe',
      parameters: [...document, scope('file.read')],
      security: signed,
      responses: { 200: response('The page.', page), ...failing(400, 401, 404) },
    },
  },
  '/sandbox/unlink/{id}': {
    post: {
      tags: ['view'],
      operationId: 'unlinkDocument',
      summary: 'End the access of the application to a document',
      parameters: [...document, { ...scope('file.unlink'), required: true }],
      security: [{ multiauth: [] }],
      responses: {
        200: success('The application has no access any more.', object({ unlinked: { type: 'boolean', const: true } })),
        ...failing(400, 401, 404),
      },
    },
  },
};
