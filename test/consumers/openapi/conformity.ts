import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

// Holds responses against the OpenAPI document.

export interface Operation {
  operationId: string;
  method: string;
  path: string;
  tags: string[];
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, { content?: Record<string, unknown>; headers?: Record<string, unknown> }>;
}

type Json = Record<string, unknown>;

/** Statuses that every operation can have, and that the document describes as `default`. */
const isGeneral = (status: number) => status === 429 || status >= 500;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

export class Conformity {
  readonly operations: Operation[];
  /** Such as `getFile 404`. */
  readonly seen: Set<string> = new Set();
  readonly #ajv: Ajv2020;

  constructor(document: Json) {
    const { paths } = document as { paths: Record<string, Record<string, Operation>> };
    this.operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        operation.operationId ? [{ ...operation, method: method.toUpperCase(), path }] : [],
      ),
    );
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(closed(document) as Json, 'openapi.json');
  }

  /** The operation of a request: of the paths that match, the one with the fewest parameters. */
  operationOf(method: string, pathname: string): Operation {
    const matches = this.operations.filter((operation) => {
      const pattern = operation.path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+');
      return operation.method === method && new RegExp(`^${pattern}$`).test(pathname);
    });
    const parameters = ({ path }: Operation) => path.split('{').length;
    const [operation] = matches.sort((one, other) => parameters(one) - parameters(other));
    if (!operation) throw new Error(`the document has no ${method} ${pathname}`);
    return operation;
  }

  /** @throws if the document does not describe the response */
  async check(method: string, url: string, response: Response): Promise<void> {
    const operation = this.operationOf(method, new URL(url).pathname);
    const { status } = response;
    const name = `${operation.operationId} ${status}`;
    this.seen.add(name);
    const key = operation.responses[status] ? String(status) : 'default';
    const described = operation.responses[key];
    if (!described || (key === 'default' && !isGeneral(status))) throw new Error(`the document has no ${name}`);
    for (const header of Object.keys(described.headers ?? {})) {
      const isOptional = header === 'Content-Disposition';
      if (!isOptional && !response.headers.has(header)) throw new Error(`${name} has no header ${header}`);
    }
    const type = response.headers.get('content-type')?.split(';')[0] ?? '';
    const types = Object.keys(described.content ?? {});
    if (
      types.length === 0
        ? (await response.arrayBuffer()).byteLength > 0
        : !types.some((one) => one === type || one === '*/*')
    ) {
      throw new Error(
        `${name} is ${type || 'without a type'}, and in the document ${types.join() || 'without content'}`,
      );
    }
    if (!types.includes('application/json') || type !== 'application/json') return;
    const pointer = ['paths', operation.path, method.toLowerCase(), 'responses', key, 'content', type, 'schema']
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const $ref = `openapi.json#/${pointer}`;
    const value: unknown = await response.json();
    if (this.#ajv.validate({ $ref }, value)) return;
    throw new Error(`${name} differs from the document: ${this.#ajv.errorsText()}\n${JSON.stringify(value)}`);
  }
}

/** The document with schemas that allow no other properties, so that a field that it lacks is an error. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (!isJson(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  const isClosed = copy.type === 'object' && isJson(copy.properties) && !('additionalProperties' in copy);
  return isClosed ? { ...copy, additionalProperties: false } : copy;
}
