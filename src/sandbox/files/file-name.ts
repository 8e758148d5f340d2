/** Splits `holiday.jpg` into `holiday` and `jpg`. A name whose last dot is its first or last character has no extension. */
export function splitName(fileName: string): { name: string; extension: string } {
  const dot = fileName.lastIndexOf('.');
  if (dot <= 0 || dot === fileName.length - 1) return { name: fileName, extension: '' };
  return { name: fileName.slice(0, dot), extension: fileName.slice(dot + 1) };
}

export function joinName({ name, extension }: { name: string; extension: string }): string {
  return extension === '' ? name : `${name}.${extension}`;
}

/** Removes the path, which some browsers sent, control characters and surrounding spaces from a file name. */
export function cleanFileName(fileName: string): string {
  const last = (fileName.split(/[\\/]/).at(-1) ?? '').toWellFormed();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression removes them
  const name = last.replace(/[\u0000-\u001f\u007f]/g, '').trim();
  return name === '' || name === '.' || name === '..' ? 'untitled' : shortened(name);
}

/** Shortens a file name to 255 characters, including the extension. */
function shortened(fileName: string): string {
  if (fileName.length <= 255) return fileName;
  const { name, extension } = splitName(fileName);
  const ending = extension.length > 32 ? '' : extension;
  const stem = name.slice(0, 254 - ending.length).replace(/[\ud800-\udbff]$/, ''); // do not keep half of a surrogate pair
  return joinName({ name: stem, extension: ending });
}
