/**
 * An archive is not unpacked, because it is damaged or out to do harm. The message says which, in words for its owner.
 */
export class RefusedArchive extends Error {
  override readonly name = 'RefusedArchive';
}
