import { answering, application, redirect } from '../../../../lib/doctape.ts';
import { sealToken, sessionSeconds } from '../../../../lib/token-seal.ts';

export function GET(request: Request): Promise<Response> {
  return answering(request, async () => {
    const { client, cookies, tokenKey } = application();
    const token = await client.exchange(request, cookies.read(request, 'pending'));
    const sealed = await sealToken(token, tokenKey);
    return redirect('/', [cookies.clear('pending'), cookies.write('token', sealed, sessionSeconds)]);
  });
}
