import { answering, application, redirect } from '../../../../lib/doctape.ts';

// no two sign-ins are the same: Next.js 15 and later keep no answer to a GET, unless they are asked to
export function GET(): Promise<Response> {
  return answering(async () => {
    const { client, cookies } = application();
    const { url, pending } = await client.authorize();
    // all that the sign-in needs, sealed: whichever instance the user comes back to can finish it
    return redirect(url.href, [cookies.write('pending', pending, 600)]);
  });
}
