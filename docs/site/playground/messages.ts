import type { Scope, Token } from '../../../src/sandbox.ts';

// What the page, its frame and the service worker tell each other.

/** The name of the channel on which the worker publishes each request to the sandbox, as a `LoggedRequest`. */
export function requestChannel(scope: string): string {
  return `doctape-playground-requests ${scope}`;
}

/** `reset` deletes everything in the sandbox. */
export type WorkerRequest =
  | { type: 'reset' }
  | { type: 'sign-in'; username: string; options?: { scope?: readonly Scope[] } };

export type WorkerReply = { result: unknown } | { problem: string };

interface Results {
  reset: undefined;
  'sign-in': Token;
}

/** Asks the worker. Rejects with the problem that the worker reports. */
export function askWorker<Request extends WorkerRequest>(
  worker: ServiceWorker,
  request: Request,
): Promise<Results[Request['type']]> {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
      port1.close();
      if ('problem' in data) reject(new Error(data.problem));
      else resolve(data.result);
    };
    worker.postMessage(request, [port2]);
  });
}

/** Where the page leaves the code for the frame. A page that the code opens in the same tab finds it too. */
export const codeKey = 'doctape-playground.code';

/** A printed value: text, a picture, or a table. */
export type Printed = { text: string } | { image: Blob } | { columns: string[]; rows: string[][] };

export interface PrintedError {
  name: string;
  message: string;
  /** The code of an error of the SDK. */
  code?: string;
  /** Its other properties. */
  details: [name: string, value: string][];
  /** The line of the visitor's code. */
  line?: number;
}

export type Level = 'log' | 'info' | 'warn' | 'error' | 'debug';

/** What the frame reports to the page. */
export type FrameMessage =
  | { type: 'started' }
  | { type: 'printed'; level: Level; values: Printed[] }
  | { type: 'failed'; error: PrintedError }
  /** `value` is that of `export default`. `isBlank` is whether the page of the code shows nothing. */
  | { type: 'finished'; value?: Printed; isBlank: boolean };
