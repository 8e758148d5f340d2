let streams: FinalizationRegistry<() => void> | undefined;

/**
 * Calls `giveUp` when a stream can no longer be read, because nobody holds it. It must not hold the stream itself. Runtimes
 * without `FinalizationRegistry` keep the connection, as they do for `fetch`.
 *
 * @returns forgets the stream, which has come to its end
 */
export function whenDropped(stream: object, giveUp: () => void): () => void {
  if (typeof FinalizationRegistry !== 'function') return () => {};
  streams ??= new FinalizationRegistry((call) => call());
  const token = {};
  streams.register(stream, giveUp, token);
  return () => void streams?.unregister(token);
}
