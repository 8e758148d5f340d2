import { NetworkError, ResponseError } from '../../protocol/errors.js';
import type { ReceivedResponse, RequestContext } from '../http/response.js';
import { responseTimeoutFactor } from './upload-stream.js';

export interface XhrUpload extends Omit<RequestContext, 'fetch'> {
  url: URL;
  headers: Record<string, string>;
  body: FormData;
  /** Called as the browser passes bytes of the body to the network. */
  onSent: (loaded: number, total: number) => void;
  /** The maximum number of bytes in the response. */
  limit: number;
}

/**
 * Posts a form with `XMLHttpRequest`, which reports upload progress, unlike `fetch`. It always follows redirects, so they are only
 * noticed afterwards. The browser removes the Authorization header if the origin changes.
 */
export function postByXhr(upload: XhrUpload): Promise<ReceivedResponse> {
  const { operation, url, headers, body, onSent, limit, watched } = upload;
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const fail = (reason: unknown) => {
      reject(reason);
      xhr.abort();
    };
    watched.signal.addEventListener('abort', () => fail(watched.signal.reason)); // the signal lives only as long as the request
    const received = () => ({ operation, status: xhr.status, headers: headersOf(xhr), text: xhr.responseText });

    xhr.upload.onprogress = ({ loaded, total }) => {
      watched.restart();
      try {
        onSent(loaded, total);
      } catch (error) {
        fail(error); // an event handler cannot reject the promise by throwing
      }
    };
    xhr.upload.onload = () => watched.restart(responseTimeoutFactor);
    xhr.onprogress = ({ loaded }) => {
      watched.restart();
      if (loaded <= limit) return;
      if (xhr.status >= 400) resolve(received()); // truncated: an error response is useful without the rest
      fail(new ResponseError('malformed_response', `${operation} returned more than ${limit} bytes`, xhr.status));
    };
    xhr.onerror = () =>
      fail(new NetworkError(`${operation} got no response: the connection failed, or CORS does not allow the request`));
    xhr.onload = () => {
      if (xhr.responseURL === url.href && (xhr.status < 300 || xhr.status >= 400)) resolve(received());
      else reject(redirectFollowed(operation, xhr.status));
    };

    xhr.open('POST', url.href);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.send(body);
    watched.pause(); // until the first progress: browsers queue requests if there are too many connections
  });
}

function redirectFollowed(operation: string, status: number): ResponseError {
  const message = `${operation} returned a redirect, which the browser followed before it could be refused`;
  return new ResponseError('redirect_refused', message, status);
}

function headersOf(xhr: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const line of xhr.getAllResponseHeaders().split('\r\n')) {
    const at = line.indexOf(':');
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 1).trim());
  }
  return headers;
}
