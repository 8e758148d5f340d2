import { application, handle, redirect, sessionSeconds } from '../../../../lib/doctape.ts';

export function GET(request: Request): Promise<Response> {
  return handle(request, async () => {
    const { client, cookies, tokens } = application();
    const cookieName = client.cookieName(request);
    const token = await client.exchange(request, cookies.read(request).get(cookieName));
    const sealed = await tokens.seal(token);
    return redirect('/', [cookies.clear(cookieName), cookies.write(cookies.tokenName, sealed, sessionSeconds)]);
  });
}
