/**
 * The envelope around every JSON response (wire document section 3.0). A truthy `error` is a failure, whatever the
 * status. `error: null` is the same as no `error`.
 */
export type Envelope = { error: unknown } | { result: unknown };

/** @returns undefined if the value is not an envelope */
export function parseEnvelope(value: unknown): Envelope | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if ('error' in value && value.error) return { error: value.error };
  return 'result' in value ? { result: value.result } : undefined;
}

/** Reads the `error` of an envelope: an object in the documentation, a plain string in early 2013. */
export function errorMessage(error: unknown): { message?: string; code?: number } {
  if (typeof error === 'string') return { message: error };
  if (typeof error !== 'object' || error === null) return {};
  return {
    ...('message' in error && typeof error.message === 'string' && { message: error.message }),
    ...('code' in error && Number.isInteger(error.code) && { code: error.code as number }),
  };
}

/** @returns undefined if the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the error quotes the text
  }
}
