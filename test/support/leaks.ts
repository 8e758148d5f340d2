import { inspect } from 'node:util';

/** A value as a console, a debugger or a crash report shows it. */
export function inspected(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 10, showHidden: true });
}

/** Every text that a value can be printed as, including each of its properties, hidden ones and causes too. */
function textsOf(value: unknown, seen: Set<unknown>): string[] {
  if (typeof value !== 'object' && typeof value !== 'function') return [String(value)];
  if (value === null || seen.has(value)) return [];
  seen.add(value);
  const texts = [inspected(value), inspect(value), JSON.stringify(value) ?? ''];
  if (value instanceof Error) texts.push(String(value), value.message, value.stack ?? '');
  for (const key of Reflect.ownKeys(value)) {
    texts.push(String(key), ...textsOf(Reflect.get(value, key), seen));
  }
  return texts;
}

/** A secret in the encodings of JSON, a console and a dump. */
function encodingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // the base64 of a text depends on its position modulo 3, and its ends depend on the neighbouring bytes
  const base64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    return encoded.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.byteLength) * 8) / 6));
  });
  return [
    secret,
    secret.replaceAll(' ', '+'),
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    inspect(secret).slice(1, -1),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('-', '+').replaceAll('_', '/')),
  ];
}

/** Decodes percent encoding, byte by byte. */
function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** The secrets that can be found in a value, in any encoding. */
export function leaks(value: unknown, secrets: readonly string[]): string[] {
  const plain = textsOf(value, new Set()).join('\n');
  const once = percentDecoded(plain);
  const all = `${plain}\n${once}\n${percentDecoded(once)}`.toLowerCase();
  return secrets.filter((secret) => encodingsOf(secret).some((form) => all.includes(form.toLowerCase())));
}
