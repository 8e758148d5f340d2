/** A response with the same body, and a promise that resolves when its reader has taken the whole body, or has stopped reading. */
export function trackBody(response: Response): { response: Response; read: Promise<void> } {
  if (!response.body) return { response, read: Promise.resolve() };
  const reader = response.body.getReader();
  let ended = () => {};
  const read = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const body = new ReadableStream<Uint8Array>(
    {
      // called for the end only after the last chunk was taken, because nothing is queued
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        ended();
      },
      cancel(reason) {
        ended();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body, response), read };
}
