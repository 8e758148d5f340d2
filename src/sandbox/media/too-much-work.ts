/** A job on a file took more time or memory than it may. The same job on the same file would do so again. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}
