/** Thrown if the content of a file does not match its media type or is too damaged to be read. */
export class UnreadableMedia extends Error {
  override readonly name = 'UnreadableMedia';
}
