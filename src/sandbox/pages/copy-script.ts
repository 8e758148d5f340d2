/**
 * Adds a button to every element with `data-copy`, which is the name of its value. Where pages cannot write to the clipboard,
 * there are no buttons, and a click selects the value.
 */
export const copyScript = `
for (const value of navigator.clipboard ? document.querySelectorAll('[data-copy]') : []) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  const label = (text) => {
    button.textContent = text;
    button.setAttribute('aria-label', text + ' ' + value.dataset.copy);
  };
  label('Copy');
  const status = document.createElement('span');
  status.className = 'hidden';
  status.setAttribute('role', 'status');
  let timer;
  button.addEventListener('click', async () => {
    let result = 'Copied';
    try {
      await navigator.clipboard.writeText(value.textContent);
    } catch {
      getSelection().selectAllChildren(value);
      result = 'Press Ctrl+C';
    }
    label(result);
    status.textContent = result;
    clearTimeout(timer);
    timer = setTimeout(() => {
      label('Copy');
      status.textContent = '';
    }, 2000);
  });
  value.after(button, status);
}
`;
