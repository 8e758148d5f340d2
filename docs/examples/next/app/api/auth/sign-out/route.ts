import { application, handle, redirect } from '../../../../lib/doctape.ts';

// POST, because SameSite=Lax blocks POST requests from other sites, and because Next.js prefetches links.
export function POST(request: Request): Promise<Response> {
  return handle(request, () => {
    const { cookies } = application();
    return redirect('/', [cookies.clear(cookies.tokenName)]);
  });
}
