let streams: FinalizationRegistry<() => void> | undefined;

/**
 * Calls `callback` after a stream has been garbage-collected. `callback` must not reference the stream. Runtimes without
 * `FinalizationRegistry` keep the connection open, as they do for `fetch`.
 *
 * @param pull the function that the stream calls for more bytes: it lives as long as the stream can be read
 * @returns a function that unregisters the stream at its end
 */
export function onGarbageCollected(pull: object, callback: () => void): () => void {
  if (typeof FinalizationRegistry !== 'function') return () => {};
  streams ??= new FinalizationRegistry((call) => call());
  const token = {};
  streams.register(pull, callback, token);
  return () => void streams?.unregister(token);
}
