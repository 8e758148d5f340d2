import { ApiClient, fileName } from 'doctape-sdk';
import { sandboxUrl, signIn } from 'playground';

const token = await signIn('alice', { scope: ['file.read'] });
const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });

const files = await api.files.list();
const pictures = files.filter((file) => file.media_type === 'image');
console.log(`${pictures.length} of ${files.length} files are pictures.`);

for (const picture of pictures) {
  const image = new Image();
  // synchronous, because the link contains the token
  image.src = api.files.url(picture.id, 'thumb_120.jpg').href;
  image.alt = fileName(picture);
  image.onerror = () => console.warn(image.alt, 'has no thumbnail');
  document.body.append(image, ' ');
}

if (pictures.length > 0) {
  // the same as bytes, without a link
  const [{ id }] = pictures;
  const response = await api.files.download(id, 'thumb_120.jpg');
  console.log(await response.blob());
}
