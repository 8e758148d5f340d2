import type { ResponseReader } from './response-reader.js';
import type { Body } from './resumable-body.js';

/** The bodies of the downloads that this copy of the SDK has returned. */
const bodies = new WeakMap<Response, Body>();

export function keepBody(response: Response, body: Body): void {
  bodies.set(response, body);
}

/** Takes the body of a download, without the stream around it. Undefined if the response is not of {@link keepBody}, or was used. */
export function takeBody(response: Response): ResponseReader | undefined {
  return response.bodyUsed || response.body?.locked ? undefined : bodies.get(response)?.take();
}
