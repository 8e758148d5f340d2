/**
 * Opens the envelope around every JSON answer (wire document section 3.0). A truthy `error` is a failure whatever the
 * status; an absent and a null one are the same.
 */
export type Envelope = { error: unknown } | { result: unknown };

/** Undefined when the value is no envelope. */
export function parseEnvelope(value: unknown): Envelope | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if ('error' in value && value.error) return { error: value.error };
  return 'result' in value ? { result: value.result } : undefined;
}

/** The server's own words in an error: an object by the documentation, a plain string in early 2013. */
export function errorMessage(error: unknown): { message?: string; code?: number } {
  if (typeof error === 'string') return { message: error };
  if (typeof error !== 'object' || error === null) return {};
  return {
    ...('message' in error && typeof error.message === 'string' && { message: error.message }),
    ...('code' in error && Number.isInteger(error.code) && { code: error.code as number }),
  };
}
