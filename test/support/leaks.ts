import { inspect } from 'node:util';

/** As a console, a debugger or a crash report writes it. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 10, showHidden: true });
}

/** Everything that could be shown of a value: what it prints as, and each of its properties, hidden ones and causes too. */
function textsOf(value: unknown, seen: Set<unknown>): string[] {
  if (typeof value !== 'object' && typeof value !== 'function') return [String(value)];
  if (value === null || seen.has(value)) return [];
  seen.add(value);
  const texts = [shown(value), inspect(value), JSON.stringify(value) ?? ''];
  if (value instanceof Error) texts.push(String(value), value.message, value.stack ?? '');
  for (const key of Reflect.ownKeys(value)) {
    texts.push(String(key), ...textsOf(Reflect.get(value, key), seen));
  }
  return texts;
}

/** The same text as JSON, a console or a dump would write it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // in base64 a text looks different at each of three places, and its ends depend on what stands beside it
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

/** Without percent encoding, whichever of its characters were encoded. */
function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** Which of these secrets can be found in a value, in any spelling that somebody could read it from. */
export function leaks(value: unknown, secrets: readonly string[]): string[] {
  const plain = textsOf(value, new Set()).join('\n');
  const once = percentDecoded(plain);
  const all = `${plain}\n${once}\n${percentDecoded(once)}`.toLowerCase();
  return secrets.filter((secret) => formsOf(secret).some((form) => all.includes(form.toLowerCase())));
}
