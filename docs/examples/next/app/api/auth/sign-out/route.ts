import { answering, application, redirect } from '../../../../lib/doctape.ts';

// POST, because SameSite=Lax keeps other sites from sending one along with the cookies, and because links are prefetched.
export function POST(request: Request): Promise<Response> {
  return answering(request, () => {
    const { cookies } = application();
    return redirect('/', [cookies.clear(cookies.tokenName)]);
  });
}
