import { signInAt } from './sign-in.ts';

// What `xdg-open` is to a program that a test runs: opens the address, signs in, and goes where it is sent then.

const [, , address = ''] = process.argv;
await fetch(await signInAt(address, process.env.SANDBOX_URL ?? ''));
