// Sends the file alone as the body of the request. A form by itself would wrap it in multipart/form-data, which the
// server would have to take apart before it could pass the file on.
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
