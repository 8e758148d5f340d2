import { checkFunction, invalid, kindOf } from '../../protocol/checks.js';

/** What a hook is told. */
export interface HookEvent {
  /** The same for all attempts of one call. */
  id: string;
  method: string;
  /** Without its query, so without credentials. */
  url: string;
  /** From 1. */
  attempt: number;
  /** Milliseconds since this attempt began. */
  durationMs: number;
  /** The HTTP status, where there was an answer. */
  status?: number | undefined;
}

/** Told as it happens; a hook cannot change a call. What a hook throws, the call rejects with. */
export interface Hooks {
  /** Before an attempt is sent. */
  request?: ((event: HookEvent) => void) | undefined;
  /** When an attempt was answered, whatever the status. */
  response?: ((event: HookEvent) => void) | undefined;
  /** When an attempt failed and another will follow, before the wait. */
  retry?: ((event: HookEvent) => void) | undefined;
}

export function checkHooks(hooks: Hooks | undefined): Hooks {
  if (hooks === undefined) return {};
  if (typeof hooks !== 'object' || hooks === null) throw invalid('hooks', `must be an object, not ${kindOf(hooks)}`);
  for (const name of ['request', 'response', 'retry'] as const) {
    if (hooks[name] !== undefined) checkFunction(`hooks.${name}`, hooks[name]);
  }
  return hooks;
}
