import { decode } from '../protocol/decode.js';
import { ResponseError } from '../protocol/errors.js';
import { type FileInfo, fileInfo } from '../protocol/file.js';
import { openAnswer } from '../transport/answer.js';
import { type Connection, routeUrl, type SearchParams } from '../transport/connection.js';
import { download } from '../transport/download.js';
import { redactedUrl } from '../transport/redaction.js';

/** Parses the list while it arrives. The parser is loaded when it is first needed: most applications never do. */
export async function* iterateFiles(
  connection: Connection,
  searchParams: SearchParams,
  signal: AbortSignal | undefined,
): AsyncGenerator<FileInfo, void, undefined> {
  const { JSONParser } = await import('@streamparser/json');
  const segments = ['doc'];
  const response = await download(connection, { segments, searchParams, signal });
  const { status, headers } = response;
  const operation = `GET ${redactedUrl(routeUrl(connection, segments))}`;
  const secrets = [connection.accessToken()];

  const arrived: [id: string, file: unknown][] = [];
  let error: unknown;
  let complete = false;
  const parser = new JSONParser({ paths: ['$.error', '$.result', '$.result.*'], keepStack: false });
  parser.onValue = ({ key, value, stack }) => {
    if (stack.length === 2) arrived.push([String(key), value]);
    else if (key === 'error') error = value;
    // its files are out of it already
    else complete = typeof value === 'object' && value !== null && !Array.isArray(value);
  };
  let broken = false;
  parser.onError = () => {
    broken = true; // the error quotes the input
  };

  const reader = response.body?.getReader();
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (!chunk || chunk.done) break;
      parser.write(chunk.value);
      for (const [id, file] of arrived.splice(0))
        yield decode(fileInfo, file, `result.${id}`, { operation, status, secrets });
      if (broken) break;
    }
    if (error)
      openAnswer({ operation, status, headers, text: JSON.stringify({ error }) }, { now: connection.now, secrets });
    if (broken || !complete || !parser.isEnded) {
      throw new ResponseError(
        'malformed_response',
        `${operation} answered with no JSON envelope of a map of files`,
        status,
      );
    }
  } finally {
    void reader?.cancel().catch(() => {}); // it may have failed, which has been told
  }
}
