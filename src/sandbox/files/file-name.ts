/** `holiday.jpg` is `holiday` and `jpg`; a name with its only dot at either end has no extension. */
export function splitName(fileName: string): { name: string; extension: string } {
  const dot = fileName.lastIndexOf('.');
  if (dot <= 0 || dot === fileName.length - 1) return { name: fileName, extension: '' };
  return { name: fileName.slice(0, dot), extension: fileName.slice(dot + 1) };
}

export function joinName({ name, extension }: { name: string; extension: string }): string {
  return extension === '' ? name : `${name}.${extension}`;
}

/** A file name without a path, which some browsers sent, and without what no name should hold. */
export function cleanFileName(fileName: string): string {
  const last = (fileName.split(/[\\/]/).at(-1) ?? '').toWellFormed();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it removes
  const name = last.replace(/[\u0000-\u001f\u007f]/g, '').trim();
  return name === '' || name === '.' || name === '..' ? 'untitled' : shortened(name);
}

/** At most 255 characters, the extension among them. */
function shortened(fileName: string): string {
  if (fileName.length <= 255) return fileName;
  const { name, extension } = splitName(fileName);
  const ending = extension.length > 32 ? '' : extension;
  const stem = name.slice(0, 254 - ending.length).replace(/[\ud800-\udbff]$/, ''); // not half a character
  return joinName({ name: stem, extension: ending });
}
