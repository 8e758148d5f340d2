/**
 * Encodes a form as `new Request()` would. WebKit cannot read a Request that it encoded itself from a form with files: "Unable to
 * read form data blob".
 */
export function formBlob(form: FormData): Blob {
  const boundary = `form-${crypto.randomUUID()}`;
  const parts: (string | Blob)[] = [];
  for (const [name, value] of form) {
    const isText = typeof value === 'string';
    const file = isText
      ? ''
      : `; filename="${escaped(value.name)}"\r\ncontent-type: ${value.type || 'application/octet-stream'}`;
    parts.push(`--${boundary}\r\ncontent-disposition: form-data; name="${escaped(lines(name))}"${file}\r\n\r\n`);
    parts.push(isText ? lines(value) : value, '\r\n');
  }
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` });
}

// https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
const lines = (text: string) => text.replace(/\r\n?|\n/g, '\r\n');
const escaped = (name: string) => name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
