import * as z from 'zod/mini';
import { invalid, kindOf } from '../protocol/checks.js';
import { CallbackError } from '../protocol/errors.js';
import { parseJson } from '../protocol/schemas/envelope.js';
import { type ViewDocument, viewDocuments } from '../protocol/schemas/view-document.js';
import { isAddress } from './checks.js';

/** `FormData`, `URLSearchParams`, or a form of another library. */
export interface PostedForm {
  /** All values of a field. */
  getAll(name: string): readonly unknown[];
}

/** The form of a callback, the body as text, or a parsed body such as `request.body` of Express. */
export type ViewCallback = PostedForm | string | Readonly<Record<string, unknown>>;

// wire document section 5.2, and section 7, choice 47
/**
 * Reads the documents of a callback. The form comes from the user's browser, so nothing in it can be trusted.
 * @throws {CallbackError} `malformed_callback` if they are missing or malformed
 */
export function readCallback(form: ViewCallback): ViewDocument[] {
  const text = fieldOf(form, 'dt_docs') ?? fieldOf(form, 'dt_docids');
  if (text === undefined)
    throw malformed('has neither dt_docs nor dt_docids: pass the form that was posted to callbackUrl');
  const parsed = z.safeParse(viewDocuments, parseJson(text));
  if (!parsed.success) throw malformed('has a list of documents that is not of the documented form');
  if (parsed.data.some(({ id }) => isAddress(id))) throw malformed('has an e-mail address instead of an id');
  return parsed.data;
}

export function malformed(problem: string): CallbackError {
  return new CallbackError('malformed_callback', `the callback of the upload ${problem}`);
}

function fieldOf(form: ViewCallback, name: string): string | undefined {
  const values = valuesOf(form, name);
  const [value] = values;
  if (values.length > 1 || (value !== undefined && typeof value !== 'string')) {
    throw malformed(`must have ${name} once, as text`);
  }
  return value;
}

function valuesOf(form: ViewCallback, name: string): readonly unknown[] {
  if (typeof form === 'string') return new URLSearchParams(form).getAll(name);
  if (typeof form !== 'object' || form === null) {
    throw invalid('form', `must be the form that was posted to callbackUrl, not ${kindOf(form)}`);
  }
  if ('getAll' in form && typeof form.getAll === 'function') return form.getAll(name);
  const value: unknown = Object.hasOwn(form, name) ? Reflect.get(form, name) : undefined;
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
