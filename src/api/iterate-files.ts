import { ResponseError } from '../protocol/errors.js';
import { decode } from '../protocol/schemas/decode.js';
import { type FileInfo, fileInfo } from '../protocol/schemas/file.js';
import { type Connection, routeUrl, type SearchParams } from '../transport/calls/connection.js';
import { openAnswer } from '../transport/http/answer.js';
import { operationOf } from '../transport/http/redaction.js';
import { load, loadTransfers } from '../transport/load.js';

/** Parses the list while it arrives. The parser is loaded when it is first needed: most applications never do. */
export async function* iterateFiles(
  connection: Connection,
  searchParams: SearchParams,
  signal: AbortSignal | undefined,
): AsyncGenerator<FileInfo, void, undefined> {
  const { envelopeParser } = await load(() => import('./envelope-parser.js'), signal);
  const { download } = await loadTransfers(signal);
  const segments = ['doc'];
  const secrets = [connection.accessToken()]; // asked before there is a response to let go of
  const response = await download(connection, { segments, searchParams, signal, redirects: 'refuse' });
  const { status, headers } = response;
  const operation = operationOf('GET', routeUrl(connection, segments));

  const parser = envelopeParser();
  const reader = response.body?.getReader();
  try {
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      for (const [id, file] of parser.write(chunk.value)) {
        yield decode(fileInfo, file, `result.${id}`, { operation, status, secrets });
      }
      if (parser.state() === 'broken') break;
    }
    const error = parser.error();
    if (error)
      openAnswer({ operation, status, headers, text: JSON.stringify({ error }) }, { now: connection.now, secrets });
    if (parser.state() !== 'complete') {
      const problem = 'answered with no JSON envelope around a map of files';
      throw new ResponseError('malformed_response', `${operation} ${problem}`, status);
    }
  } finally {
    void reader?.cancel().catch(() => {}); // it may have failed, which has been told
  }
}
