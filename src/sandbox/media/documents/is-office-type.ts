/** Whether a document is a zip archive of XML: an office file of 2006 or later. */
export function isOfficeType(type: string): boolean {
  return /^application\/vnd\.(?:openxmlformats-officedocument|oasis\.opendocument)\.|^application\/vnd\.ms-.*\.macroenabled\.12$/.test(
    type,
  );
}
