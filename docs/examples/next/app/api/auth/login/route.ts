import { application, handle, redirect } from '../../../../lib/doctape.ts';

export function GET(request: Request): Promise<Response> {
  return handle(request, async () => {
    // <Link> prefetches this route. Each prefetch would start a sign-in, and after four of them no other tab could finish its own
    if (request.headers.get('sec-fetch-dest') === 'empty') {
      const headers = { 'Cache-Control': 'no-store' };
      return Response.json({ error: 'Link to the sign-in with <a>, not <Link>.' }, { status: 400, headers });
    }
    const { client, cookies } = application();
    const { url, pending, cookieName } = await client.authorize();
    // the sealed cookie has everything the sign-in needs, so that every instance can finish it. Each tab has its own cookie
    return redirect(url.href, [...cookies.clearOldSignIns(request), cookies.write(cookieName, pending, 600)]);
  });
}
