import { ConfigurationError } from './errors.js';
import { scopeToken, visible } from './grammar.js';

/** Checks of options and arguments. All of them throw a {@link ConfigurationError}. */

export function invalid(name: string, problem: string): ConfigurationError {
  return new ConfigurationError('invalid_argument', `${name} ${problem}`);
}

const ascii = 'must contain only printable ASCII characters (RFC 6749 appendix A)';

export function checkText(name: string, value: unknown): string {
  if (value === undefined || value === null || value === '') throw invalid(name, 'is missing: it must be a string');
  if (typeof value !== 'string') throw invalid(name, `must be a string, not ${kindOf(value)}`);
  if (visible.test(value)) return value;
  const problem = visible.test(value.trim()) ? 'begins or ends with a line break or other white space: trim it' : ascii;
  throw invalid(name, problem);
}

export function checkScope(name: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(name, "must be an array of scopes, such as ['account.read', 'file.read']");
  for (const scope of value) {
    if (typeof scope !== 'string' || !scopeToken.test(scope)) {
      throw invalid(name, 'contains a malformed scope: each must be a string without spaces (RFC 6749 section 3.3)');
    }
  }
  return [...value];
}

/** A duration in milliseconds or seconds. Timers cannot wait longer than 2^31 - 1 ms. */
export function checkDuration(name: string, value: unknown, max: number = 2_147_483_647): number {
  if (typeof value !== 'number' || !(value > 0 && value <= max)) {
    throw invalid(name, `must be a number greater than 0 and at most ${max}`);
  }
  return value;
}

export function checkFunction<T>(name: string, value: T): T {
  if (typeof value !== 'function') throw invalid(name, `must be a function, not ${kindOf(value)}`);
  return value;
}

export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || typeof signal?.throwIfAborted === 'function') return signal;
  throw invalid('signal', 'must be an AbortSignal');
}

/** A function, or undefined. null and false are refused. */
export function checkOptionalFunction<T>(name: string, value: T | undefined): T | undefined {
  return value === undefined ? undefined : checkFunction(name, value);
}

/** The type of a value, for messages. Never the value itself. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
