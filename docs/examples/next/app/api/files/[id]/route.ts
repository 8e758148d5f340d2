import { contentDisposition } from 'doctape-sdk';
import { apiOf, handle } from '../../../../lib/doctape.ts';

export function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  return handle(request, async () => {
    const api = await apiOf(request);
    const file = await api.files.get((await params).id);
    const { body } = await api.files.download(file.id);
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
