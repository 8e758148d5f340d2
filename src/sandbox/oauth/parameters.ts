/**
 * The parameters of an OAuth request. Empty ones count as absent, so that `state=&state=x` has one state, and more than one value
 * is refused (RFC 6749 sections 3.1 and 3.2).
 */
export function readParameters(
  given: URLSearchParams,
  names: readonly string[],
): { parameters: ReadonlyMap<string, string> } | { repeated: string } {
  const parameters = new Map<string, string>();
  for (const name of names) {
    const [value, ...others] = given.getAll(name).filter((text) => text !== '');
    if (others.length > 0) return { repeated: name };
    if (value !== undefined) parameters.set(name, value);
  }
  return { parameters };
}
