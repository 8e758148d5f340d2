import { contentDisposition } from 'doctape-sdk';
import { apiOf, handle } from '../../../../lib/doctape.ts';
import { withInput } from '../../../../lib/problem.ts';

export function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  return handle(request, async () => {
    const api = await apiOf(request);
    const { id } = await params;
    const file = await withInput('This is not the id of a file.', () => api.files.get(id));
    // Next.js calls this handler for HEAD too, and does not read the body
    const body = request.method === 'HEAD' ? null : (await api.files.download(file.id)).body;
    // always an attachment: an uploaded HTML file must not run with the origin of this application
    const headers = {
      'Content-Disposition': contentDisposition(file),
      'Content-Length': String(file.size),
      'Content-Type': 'application/octet-stream',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    };
    return new Response(body, { headers });
  });
}
