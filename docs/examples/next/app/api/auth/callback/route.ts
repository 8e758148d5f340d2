import { CallbackError } from 'doctape-sdk';
import { application, handle, redirect, sessionSeconds } from '../../../../lib/doctape.ts';

export function GET(request: Request): Promise<Response> {
  return handle(request, async () => {
    const { client, cookies, tokens } = application();
    const cookieName = client.cookieName(request);
    const received = cookies.read(request);
    const token = await client.exchange(request, received.get(cookieName)).catch(async (error: unknown) => {
      // a browser that reloads or restores the callback has finished this sign-in: it stays signed in
      if (!(error instanceof CallbackError) || !(await tokens.open(received.get(cookies.tokenName)))) throw error;
    });
    const added = token ? [cookies.write(cookies.tokenName, await tokens.seal(token), sessionSeconds)] : [];
    return redirect('/', [cookies.clear(cookieName), ...added]);
  });
}
