import { plainText } from '../protocol/grammar.js';

/** A URL for messages and hooks: without its query, which is where credentials travel. */
export function redactedUrl(url: URL): string {
  return url.origin + url.pathname;
}

/** What a server said, fit for a message: plain text, and without the credentials it may have echoed. */
export function quotable(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < 8) continue; // no credential, and its letters are in every word
    for (const form of [secret, encodeURIComponent(secret)]) clean = clean.replaceAll(form, '[redacted]');
  }
  return plainText(clean);
}
