/**
 * Returns a function that splits the chunks of a multipart body so that none of them ends within the closing delimiter.
 * multipasta 0.2.8 does not detect the end of a body if its last two dashes are in different chunks. Calling the function without a
 * chunk returns the remaining bytes.
 */
export function delimiterGuard(contentType: string): (chunk?: Uint8Array) => Uint8Array {
  const boundary =
    /boundary=(?:"([^"]*)"|([^;\s]*))/i
      .exec(contentType)
      ?.slice(1)
      .find((value) => value !== undefined) ?? '';
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}--`);
  let held: Uint8Array = new Uint8Array();
  return (chunk) => {
    if (!chunk) return held;
    const joined = held.byteLength === 0 ? chunk : concatenated(held, chunk);
    const rest = joined.byteLength - heldLength(joined, delimiter);
    held = joined.slice(rest);
    return joined.subarray(0, rest);
  };
}

/** Returns how many bytes at the end could be the beginning of the delimiter. */
function heldLength(bytes: Uint8Array, delimiter: Uint8Array): number {
  const most = Math.min(bytes.byteLength, delimiter.byteLength - 1);
  for (let length = most; length > 0; length--) {
    const start = bytes.byteLength - length;
    let at = 0;
    while (at < length && bytes[start + at] === delimiter[at]) at++;
    if (at === length) return length;
  }
  return 0;
}

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}
