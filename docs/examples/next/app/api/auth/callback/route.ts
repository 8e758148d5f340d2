import { answering, application, redirect } from '../../../../lib/doctape.ts';
import { sealToken, sessionSeconds } from '../../../../lib/token-seal.ts';

export function GET(request: Request): Promise<Response> {
  return answering(request, async () => {
    const { client, cookies, tokenKey } = application();
    const cookieName = client.cookieName(request);
    const token = await client.exchange(request, cookies.read(request).get(cookieName));
    const sealed = await sealToken(token, tokenKey);
    return redirect('/', [cookies.clear(cookieName), cookies.write(cookies.tokenName, sealed, sessionSeconds)]);
  });
}
