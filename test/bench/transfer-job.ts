import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { ApiClient } from 'doctape-sdk';
import { openFile, saveDownload } from 'doctape-sdk/node';
import { sampleGrowth } from './resident.ts';

// One transfer of the benchmark. It runs in a process of its own, so that its CPU time and memory can be told from those of others.

export type ClientName = 'http' | 'http again' | 'http synced' | 'fetch' | 'sdk' | 'curl';

export interface Job {
  client: ClientName;
  direction: 'up' | 'down';
  baseUrl: string;
  token: string;
  /** The file to upload, or the prefix of the file to write. */
  path: string;
  id: string;
}

export interface Result {
  id: string;
  seconds: number;
  /** CPU time in seconds. */
  cpu: number;
  /** The growth of the RSS in MiB. */
  growth: number;
}

const batchBytes = 512 * 1024;

/** Reads the file in chunks of the same size as the SDK, and frames it like the SDK. */
async function uploadByHttp({ baseUrl, token, path }: Job): Promise<string> {
  const boundary = 'boundary-0123456789';
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const { size } = await stat(path);
  const sent = request(`${baseUrl}/doc/upload`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.byteLength + size + tail.byteLength,
    },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => sent.on('response', resolve).on('error', reject));
  sent.write(head);
  await pipeline(createReadStream(path, { highWaterMark: batchBytes }), sent, { end: false });
  sent.end(tail);
  let text = '';
  for await (const chunk of await answered) text += chunk;
  return Object.keys(JSON.parse(text).result)[0] ?? '';
}

/** Writes batches of 512 KiB with `writev`, while the next one arrives. Only `http synced` waits until the disk has the file. */
async function downloadByHttp({ client, baseUrl, token, path, id }: Job): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${baseUrl}/doc/${id}/original`, { headers }, resolve).on('error', reject).end();
  });
  const file = await open(`${path}.down`, 'w');
  try {
    await writeBatches(response, file);
    if (client === 'http synced') await file.sync();
  } finally {
    await file.close();
  }
}

function writeBatches(response: IncomingMessage, file: FileHandle): Promise<void> {
  let batch: Buffer[] = [];
  let size = 0;
  let writing: Promise<unknown> | undefined;
  return new Promise((resolve, reject) => {
    async function write(): Promise<void> {
      response.pause();
      await writing;
      response.resume();
    }
    function send(): void {
      const full = batch;
      batch = [];
      size = 0;
      writing = file.writev(full).then(() => {
        writing = undefined;
      });
      writing.catch(reject);
    }
    response.on('data', (chunk: Buffer) => {
      batch.push(chunk);
      size += chunk.byteLength;
      if (size < batchBytes) return;
      if (writing) write().then(send, reject);
      else send();
    });
    response.on('error', reject);
    response.on('end', async () => {
      try {
        await writing;
        if (batch.length > 0) await file.writev(batch);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

async function uploadByFetch({ baseUrl, token, path }: Job): Promise<string> {
  const body = new FormData();
  body.append('file', await openAsBlob(path), 'large.bin');
  const headers = { authorization: `Bearer ${token}` };
  const { result } = await (await fetch(`${baseUrl}/doc/upload`, { method: 'POST', body, headers })).json();
  return Object.keys(result)[0] ?? '';
}

async function downloadByFetch({ baseUrl, token, path, id }: Job): Promise<void> {
  const { body } = await fetch(`${baseUrl}/doc/${id}/original`, { headers: { authorization: `Bearer ${token}` } });
  if (body) await pipeline(body, createWriteStream(`${path}.down`));
}

async function transfer(job: Job, api: ApiClient): Promise<string> {
  const { client, direction, path, id } = job;
  if (direction === 'up') {
    if (client === 'sdk') return (await api.files.upload(await openFile(path), { name: 'large.bin' })).id;
    return client === 'fetch' ? uploadByFetch(job) : uploadByHttp(job);
  }
  if (client === 'sdk') await saveDownload(api, id, `${path}.down`);
  else if (client === 'fetch') await downloadByFetch(job);
  else await downloadByHttp(job);
  return id;
}

/** Runs a job in this process. */
async function run(job: Job): Promise<Result> {
  const { baseUrl, token, client } = job;
  const api = new ApiClient({ token, baseUrl });
  // the first call loads what every call needs
  if (client === 'sdk') await api.account.get();
  else await fetch(`${baseUrl}/account`, { headers: { authorization: `Bearer ${token}` } }).then((r) => r.text());
  const growth = sampleGrowth('self');
  const start = performance.now();
  const before = process.cpuUsage();
  const id = await transfer(job, api);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { id, seconds, cpu: (user + system) / 1e6, growth: growth() };
}

process.send?.(await run(JSON.parse(process.argv[2] ?? '')));
process.disconnect();
