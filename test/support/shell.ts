/** Quotes a word of a shell command. The path of a clone can contain an apostrophe. */
export function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
