import { answering, application, redirect } from '../../../../lib/doctape.ts';

export function GET(request: Request): Promise<Response> {
  return answering(request, async () => {
    const { client, cookies } = application();
    const { url, pending, cookieName } = await client.authorize();
    // all that the sign-in needs, sealed: any instance can finish it. Each tab has a cookie of its own
    return redirect(url.href, [...cookies.clearOldSignIns(request), cookies.write(cookieName, pending, 600)]);
  });
}
