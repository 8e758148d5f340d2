import { accept, decode, type Schema } from '../protocol/schemas/decode.js';
import type { FileInfo } from '../protocol/schemas/file.js';
import { type Connection, routeUrl } from '../transport/calls/connection.js';
import { splitter } from '../transport/calls/members.js';
import { type Download, openDownload } from '../transport/download/download.js';
import { operationOf } from '../transport/http/redaction.js';
import { readEnvelope } from '../transport/http/response-envelope.js';

/** The schemas of a list. They are parameters, because a bundle in one file could not remove them if they are unused. */
interface ListSchemas {
  fileInfo: Schema<FileInfo>;
  byId: Schema<unknown>;
}

/** Parses the list while it is received, and yields the files that have arrived. */
export async function* iterateFiles(
  connection: Connection,
  wanted: Download,
  { fileInfo, byId }: ListSchemas,
): AsyncGenerator<FileInfo[], void, undefined> {
  const { response, attempts } = await openDownload(connection, { ...wanted, redirects: 'refuse' });
  const { status, headers } = response;
  const { secrets } = attempts;
  const operation = operationOf('GET', routeUrl(connection, wanted.segments));
  const origin = { operation, status, secrets };

  const split = splitter((file) => accept(fileInfo, file));
  const open = (parse: () => unknown) =>
    readEnvelope({ operation, status, headers, text: split.frame() }, { now: connection.now, secrets, parse });
  let isFirst = true;
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const chunk = await reader?.read();
      const files = chunk?.value ? split.write(chunk.value) : [];
      if (split.count() > 0 && isFirst) open(split.head); // an error before the files is thrown before them
      if (split.count() > 0) isFirst = false;
      yield files; // also those before a malformed one
      const [id, file] = split.wrong() ?? [];
      if (id !== undefined) decode(fileInfo, file, `result.${id}`, origin); // throws
      if (chunk?.done !== false || split.isBroken()) break;
    }
    decode(byId, open(split.end), 'result', origin);
  } catch (error) {
    throw await attempts.end(error);
  } finally {
    void reader?.cancel().catch(() => {}); // it may have failed, and the error was thrown above
  }
}
