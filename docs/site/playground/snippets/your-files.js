import { ApiClient, fileName } from 'doctape-sdk';
import { sandboxUrl, signIn } from 'playground';

const token = await signIn('alice');
const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });

document.body.innerHTML = `
  <p><label>Files of yours: <input type="file" multiple></label></p>
  <p><progress value="0" aria-label="Upload"></progress></p>`;
const input = document.querySelector('input');
const progress = document.querySelector('progress');

input.onchange = async () => {
  const results = await api.files.uploadEach(input.files, {
    onProgress: ({ fraction = 0 }) => {
      progress.value = fraction;
    },
  });
  for (const { status, value, reason } of results) {
    if (status === 'rejected') {
      console.error(reason);
      continue;
    }
    const file = await api.files.get(value.id);
    console.log(fileName(file), file.meta);
    const image = new Image();
    image.src = api.files.url(file.id, 'thumb_320.jpg').href;
    image.alt = fileName(file);
    image.onerror = () => image.remove(); // not every file has a thumbnail
    document.body.append(image);
  }
};
