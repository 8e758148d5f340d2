import { apiOf, handle } from '../../../lib/doctape.ts';
import { BadRequestError, withInput } from '../../../lib/problem.ts';

export function GET(request: Request): Promise<Response> {
  return handle(request, async () => {
    const api = await apiOf(request);
    return Response.json(await api.files.list(), { headers: { 'Cache-Control': 'no-store' } });
  });
}

/** Uploads the request body: `fetch('/api/files?name=holiday.jpg', { method: 'POST', body: file })`. */
export function POST(request: Request): Promise<Response> {
  return handle(request, async () => {
    const api = await apiOf(request);
    const type = request.headers.get('content-type') ?? undefined;
    if (type && /^multipart\/form-data\b/i.test(type)) {
      throw new BadRequestError('Send the file as the request body, not as a form.');
    }
    const size = request.headers.get('content-length');
    // without it, nobody would notice that Next.js has cut the body: see README.md
    if (size === null) return Response.json({ error: 'The Content-Length header is missing.' }, { status: 411 });
    const stream = request.body ?? new Blob().stream();
    const name = new URL(request.url).searchParams.get('name') || 'untitled';
    const uploaded = await withInput('The Content-Type or the Content-Length is not valid.', () =>
      api.files.upload({ stream, size: Number(size) }, { name, type }),
    );
    return Response.json(uploaded, { status: 201 });
  });
}
