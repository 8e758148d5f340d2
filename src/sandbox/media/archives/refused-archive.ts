/**
 * Thrown when an archive is not unpacked because it is damaged, unsafe or too large. The message is sent to the client.
 */
export class RefusedArchive extends Error {
  override readonly name = 'RefusedArchive';
}
