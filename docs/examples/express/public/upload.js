// Sends the file as the request body. A plain form would send multipart/form-data, which the server would have to parse before
// it could forward the file.
const form = document.querySelector('#upload');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const [file] = form.elements.file.files;
  const output = form.querySelector('output');
  output.textContent = 'Uploading…';
  try {
    const response = await fetch(`/files?${new URLSearchParams({ name: file.name })}`, {
      method: 'POST',
      headers: { accept: 'text/plain' },
      body: file,
    });
    if (response.ok) location.reload();
    else output.textContent = await response.text();
  } catch {
    output.textContent = 'The upload was interrupted. Try again.';
  }
});
