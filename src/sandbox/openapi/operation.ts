import type { Scope } from '../../protocol/scopes.js';

// The parts that paths are made of.

/** A JSON value of the document. */
export type Part = Record<string, unknown>;

export const ref = (name: string): Part => ({ $ref: `#/components/schemas/${name}` });

export function parameter(where: 'path' | 'query' | 'header', name: string, schema: Part, description: string): Part {
  return { name, in: where, description, schema, ...(where === 'path' && { required: true }) };
}

export const json = (schema: Part): Part => ({ 'application/json': { schema } });

export function response(description: string, content?: Part): Part {
  return { description, ...(content && { content }) };
}

/** A response with the envelope of a success (wire document section 3.0). */
export function success(description: string, result: Part): Part {
  const properties = { error: { type: 'null', description: 'Null, or absent.' }, result };
  return response(description, json({ type: 'object', properties, required: ['result'] }));
}

export function object(properties: Record<string, Part>): Part {
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** An object by id. */
export const byId = (schema: Part): Part => ({ type: 'object', additionalProperties: schema });

const failures: Record<number, string> = {
  400: 'The request is malformed.',
  401: 'There is no token, or it is unknown or has expired. `WWW-Authenticate` says which.',
  403: 'The token lacks a scope, which `WWW-Authenticate` names, or the object belongs to another user.',
  404: 'There is no such object, or the user cannot see it.',
  413: 'The quota would be exceeded, or the body is too large.',
};

/** The responses of failures with these statuses, and of all others. */
export function failing(...statuses: number[]): Part {
  const other = response('Any other failure, such as 429, 500, 503 or 507.', json(ref('Failure')));
  const known = statuses.map((status) => [status, response(failures[status] ?? '', json(ref('Failure')))]);
  return { ...Object.fromEntries(known), default: other };
}

const binary = { schema: { type: 'string', format: 'binary' } };
const header = (description: string, type = 'string'): Part => ({ description, schema: { type } });

/** The responses with bytes, which know ranges and entity tags. */
export function bytes(...types: string[]): Part {
  const content = Object.fromEntries(types.map((type) => [type, binary]));
  const headers = {
    ETag: header('Identifies these bytes.'),
    'Accept-Ranges': header('`bytes`'),
    'Content-Disposition': header('Originals: `attachment` with the file name.'),
  };
  const range = { 'Content-Range': header('The range, and the size of the whole.') };
  return {
    200: { description: 'The bytes.', headers, content },
    206: { description: 'The requested range.', headers: { ...headers, ...range }, content },
    304: { description: 'The entity tag of `If-None-Match` is still valid.' },
    416: { description: 'The range begins after the end.', headers: range, content: json(ref('Failure')) },
  };
}

export const byteParameters: Part[] = [
  parameter('header', 'Range', { type: 'string' }, 'One range of bytes, such as `bytes=0-99`.'),
  parameter('header', 'If-Range', { type: 'string' }, 'The entity tag that the range belongs to.'),
  parameter('header', 'If-None-Match', { type: 'string' }, 'An entity tag, for a 304.'),
];

/** The security of an operation of the Core API: the token in the header, or in the query. */
export function scopes(...needed: Scope[]): Part[] {
  return [{ oauth: needed }, { accessToken: [] }];
}
