import { NetworkError, ResponseError } from '../protocol/errors.js';
import { type Asked, type HttpAnswer, redirectRefused } from './response.js';

export interface XhrUpload extends Asked {
  url: URL;
  headers: Record<string, string>;
  body: FormData;
  /** Told as the browser hands bytes of the body to the network. */
  onSent: (loaded: number, total: number) => void;
  /** The most bytes to read of the answer. */
  limit: number;
}

/**
 * Posts a form by `XMLHttpRequest`, which tells how far an upload is; `fetch` does not. It follows redirects unasked, so one
 * is noticed only afterwards; the browser drops the Authorization header where the origin changes.
 */
export function postByXhr(upload: XhrUpload): Promise<HttpAnswer> {
  const { operation, url, headers, body, onSent, limit, watched } = upload;
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const end = (action: () => void) => {
      watched.signal.removeEventListener('abort', onAbort);
      action();
    };
    const fail = (reason: unknown) => {
      end(() => reject(reason));
      xhr.abort();
    };
    const onAbort = () => fail(watched.signal.reason);
    watched.signal.addEventListener('abort', onAbort, { once: true });

    xhr.upload.onprogress = ({ loaded, total }) => {
      watched.alive();
      try {
        onSent(loaded, total);
      } catch (error) {
        fail(error); // what a listener throws would be nobody's
      }
    };
    xhr.onprogress = ({ loaded }) => {
      watched.alive();
      if (loaded <= limit) return;
      const message = `${operation} answered with more than ${limit} bytes`;
      fail(new ResponseError('malformed_response', message, xhr.status));
    };
    xhr.onerror = () =>
      end(() =>
        reject(new NetworkError(`${operation} got no answer: the connection failed, or the page may not call it`)),
      );
    xhr.onload = () =>
      end(() => {
        const answered = { operation, status: xhr.status, headers: headersOf(xhr), text: xhr.responseText };
        if (xhr.responseURL === url.href && (xhr.status < 300 || xhr.status >= 400)) resolve(answered);
        else reject(redirectRefused(operation, xhr.status));
      });

    xhr.open('POST', url.href);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.send(body);
  });
}

function headersOf(xhr: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const line of xhr.getAllResponseHeaders().split('\r\n')) {
    const at = line.indexOf(':');
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 1).trim());
  }
  return headers;
}
