import { ApiClient, NotFoundError } from 'doctape-sdk';
import { sandboxUrl, signIn } from 'playground';

const token = await signIn('alice');
const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });

const file = new File(['Come to my party!'], 'invitation.txt');
const { id } = await api.files.upload(file);
const publicUrl = await api.files.publish(id);
document.body.innerHTML = `
  <p><a href="${publicUrl}" target="_blank">Open the invitation</a></p>
  <button>Delete it</button>`;

const response = await fetch(`${publicUrl}/original`); // no token is sent
console.log(response.status, await response.text());

document.querySelector('button').onclick = async () => {
  await api.files.delete(id);
  const error = await api.files.get(id).catch((reason) => reason);
  console.log(error instanceof NotFoundError, error.code);
};
