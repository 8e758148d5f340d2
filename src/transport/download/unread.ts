let streams: FinalizationRegistry<() => void> | undefined;

/**
 * Calls `giveUp` after a stream has been garbage-collected. `giveUp` must not reference the stream. Runtimes without
 * `FinalizationRegistry` keep the connection open, as they do for `fetch`.
 *
 * @returns a function that unregisters the stream at its end
 */
export function whenDropped(stream: object, giveUp: () => void): () => void {
  if (typeof FinalizationRegistry !== 'function') return () => {};
  streams ??= new FinalizationRegistry((call) => call());
  const token = {};
  streams.register(stream, giveUp, token);
  return () => void streams?.unregister(token);
}
