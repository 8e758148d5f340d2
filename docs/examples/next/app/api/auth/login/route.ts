import { answering, application, redirect } from '../../../../lib/doctape.ts';

export function GET(request: Request): Promise<Response> {
  return answering(request, async () => {
    const { client, cookies } = application();
    const { url, pending } = await client.authorize();
    // all that the sign-in needs, sealed: whichever instance the user comes back to can finish it
    return redirect(url.href, [cookies.write('pending', pending, 600)]);
  });
}
