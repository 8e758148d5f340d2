import { ApiClient } from 'doctape-sdk';
import { sandboxUrl, signIn } from 'playground';

const hooks = {
  request: ({ operation, attempt }) => {
    console.log(`${operation}, attempt ${attempt}`);
  },
  retry: ({ error, delayMs }) => {
    console.warn(`${error.code}: retried in ${Math.round(delayMs)} ms`);
  },
};
const token = await signIn('alice');
const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1`, hooks });

// the connection breaks after 40,000 bytes, again and again:
// the download continues where it was interrupted
const zeros = new File([new Uint8Array(100_000)], 'zeros.bin');
const { id } = await api.files.upload(zeros);
const headers = { 'x-doctape-fault': 'cut=40000' };
const response = await api.files.download(id, 'original', { headers });
const { size } = await response.blob();
console.log(`${size} bytes arrived.`);
await api.files.delete(id);

// every response is an error: the call rejects after its last attempt
await api.files.list({ headers: { 'x-doctape-fault': 'status=503' } });
