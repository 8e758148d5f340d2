import { signInAt } from './sign-in.ts';

// Replaces `xdg-open` in tests: opens the URL, signs in, and follows the redirect.

const [, , url = ''] = process.argv;
await fetch(await signInAt(url, process.env.SANDBOX_URL ?? ''));
