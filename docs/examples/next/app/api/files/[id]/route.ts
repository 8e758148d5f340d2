import { attachmentHeaders } from '../../../../lib/attachment.ts';
import { apiOf, handle } from '../../../../lib/doctape.ts';

export function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  return handle(request, async () => {
    const api = await apiOf(request);
    const file = await api.files.get((await params).id);
    const { body } = await api.files.download(file.id);
    return new Response(body, { headers: attachmentHeaders(file) });
  });
}
