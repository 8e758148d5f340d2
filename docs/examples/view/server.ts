import { serve } from '@hono/node-server';
import { createApp } from './app.ts';

const publicUrl = new URL(setting('PUBLIC_URL'));
const app = createApp({
  doctapeUrl: setting('DOCTAPE_URL'),
  clientId: setting('DOCTAPE_CLIENT_ID'),
  clientSecret: setting('DOCTAPE_CLIENT_SECRET'),
  publicUrl,
});

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`Listening on port ${port}, at ${publicUrl.href}`);
});
process.once('SIGTERM', () => server.close());

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see README.md`);
  return value;
}
