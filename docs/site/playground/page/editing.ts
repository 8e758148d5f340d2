const indent = '  ';

/**
 * Tab indents and Shift+Tab outdents the selected lines, and Return keeps the indentation. After Escape, Tab leaves the editor, so
 * that it can be left without a mouse.
 */
export function editingKeys(): (event: KeyboardEvent) => void {
  let leaving = false;
  return (event) => {
    const area = event.currentTarget;
    if (!(area instanceof HTMLTextAreaElement)) return;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    if (event.key === 'Escape') leaving = true;
    else if (event.key !== 'Shift') {
      if (event.key === 'Tab' && isPlain && !leaving) {
        event.preventDefault();
        if (event.shiftKey) changeLines(area, (line) => line.replace(/^ {1,2}/, ''));
        else if (area.selectionStart === area.selectionEnd) insert(area, indent);
        else changeLines(area, (line) => (line === '' ? line : indent + line));
      } else if (event.key === 'Enter' && isPlain && !event.shiftKey) {
        event.preventDefault();
        insert(area, `\n${indentAfter(area.value.slice(0, area.selectionStart))}`);
      }
      leaving = false;
    }
  };
}

/** The indentation of a new line: that of the last one, and more after an opening bracket. */
function indentAfter(text: string): string {
  const line = text.slice(text.lastIndexOf('\n') + 1);
  const [current = ''] = /^ */.exec(line) ?? [];
  return /[{([]\s*$/.test(line) ? current + indent : current;
}

function changeLines(area: HTMLTextAreaElement, change: (line: string) => string): void {
  const { value, selectionStart, selectionEnd } = area;
  const start = value.lastIndexOf('\n', selectionStart - 1) + 1;
  const next = value.indexOf('\n', Math.max(selectionEnd - 1, start));
  const end = next < 0 ? value.length : next;
  const changed = value.slice(start, end).split('\n').map(change).join('\n');
  area.setSelectionRange(start, end);
  insert(area, changed);
  area.setSelectionRange(start, start + changed.length);
}

/** Replaces the selection. `execCommand` is the only way that Undo takes back. */
function insert(area: HTMLTextAreaElement, text: string): void {
  if (text === '') document.execCommand('delete');
  else document.execCommand('insertText', false, text);
  area.focus();
}
