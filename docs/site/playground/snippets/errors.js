import { ApiClient, InsufficientScopeError } from 'doctape-sdk';
import { sandboxUrl, signIn } from 'playground';

const baseUrl = `${sandboxUrl}/v1`;
const token = await signIn('alice', { scope: ['file.read'] });
const api = new ApiClient({ token, baseUrl });

try {
  await api.files.upload(new File(['text'], 'notes.txt'));
} catch (error) {
  if (!(error instanceof InsufficientScopeError)) throw error;
  console.warn(error.message);
  console.log('Sign in again with', error.requiredScopes);
}

try {
  await new ApiClient({ token: 'a-wrong-token', baseUrl }).account.get();
} catch (error) {
  console.warn(error.message);
  console.log(error.toJSON()); // for a log: it contains no credential
}

// options are checked before anything is sent
new ApiClient({ token, baseURL: baseUrl });
