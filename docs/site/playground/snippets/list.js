import { ApiClient, fileName } from 'doctape-sdk';
import { sandboxUrl, signIn } from 'playground';

const scope = ['account.read', 'file.read'];
const token = await signIn('alice', { scope });
const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });

const rows = [];
for await (const file of api.files.iterate()) {
  const { size, media_type } = file;
  rows.push({ name: fileName(file), size, media_type });
}
if (rows.length > 0) console.table(rows);
else console.log('No files yet: run "Upload a picture" first.');

const { username, quota, quota_used } = await api.account.get();
console.log(`${username} uses ${quota_used} of ${quota} bytes.`);
