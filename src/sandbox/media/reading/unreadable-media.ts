/** A file is not what its type says, or is damaged beyond reading. */
export class UnreadableMedia extends Error {
  override readonly name = 'UnreadableMedia';
}
