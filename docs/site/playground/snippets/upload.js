import { ApiClient } from 'doctape-sdk';
import { sandboxUrl, signIn } from 'playground';

const token = await signIn('alice');
const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });

const file = new File([await drawSunset()], 'sunset.png');
const { id } = await api.files.upload(file, {
  tags: ['holiday', '#evenings'],
  onProgress: ({ fraction }) => console.log('uploaded', fraction),
});
console.log(await api.files.get(id));

const image = new Image();
image.src = api.files.url(id, 'thumb_320.jpg').href;
image.alt = 'A sunset over the sea';
document.body.append(image);

// change the colours, and run it again
function drawSunset() {
  const canvas = new OffscreenCanvas(640, 400);
  const brush = canvas.getContext('2d');
  const sky = brush.createLinearGradient(0, 0, 0, 260);
  sky.addColorStop(0, '#28306b');
  sky.addColorStop(0.7, '#d9627a');
  sky.addColorStop(1, '#ffc371');
  brush.fillStyle = sky;
  brush.fillRect(0, 0, 640, 260);
  brush.fillStyle = '#fff1c1';
  brush.beginPath();
  brush.arc(430, 260, 70, Math.PI, 0);
  brush.fill();
  brush.fillStyle = '#1d2450';
  brush.fillRect(0, 260, 640, 140);
  brush.fillStyle = '#ffc371';
  for (let i = 0; i < 9; i++) {
    brush.fillRect(370 + i * 6, 272 + i * 13, 120 - i * 12, 4);
  }
  return canvas.convertToBlob();
}
