import type { FileInfo, Rendition } from 'doctape-sdk';
import { element } from './element.js';
import { formatSize, fullName } from './format.js';
import { icon } from './icon.js';
import { kindOf } from './kind.js';
import type { Session } from './session.js';

/** What every browser shows as it is. Of other pictures it takes the JPEG that doctape makes. */
const webImages = new Set(['avif', 'gif', 'jpeg', 'jpg', 'png', 'webp']);
const texts = new Set(['csv', 'json', 'log', 'markdown', 'md', 'text', 'txt', 'xml', 'yaml', 'yml']);
const mostText = 256 * 1024;

/** The content of a file, as far as a page can show it. It fills itself; `signal` ends that. */
export function previewContent(session: Session, file: FileInfo, signal: AbortSignal): HTMLElement {
  const extension = file.extension.toLowerCase();
  const frame = element('div', { class: 'content', 'aria-busy': 'true' });
  const ready = () => frame.removeAttribute('aria-busy');
  const show = (...content: Node[]) => {
    frame.replaceChildren(...content);
    ready();
  };
  const unavailable = (sentence: string) => {
    if (!signal.aborted) show(...nothingToSee(file, sentence));
  };

  /** An element that fails to load does not say why: the API does. */
  async function mediaFailed(): Promise<void> {
    try {
      await session.api.files.get(file.id, { signal });
      unavailable('Your browser cannot show this file. Download it to open it on your device.');
    } catch (error) {
      unavailable(session.explain(error) ?? '');
    }
  }

  async function fill(load: () => Promise<HTMLElement>): Promise<void> {
    try {
      const content = await load();
      if (!signal.aborted) show(content);
    } catch (error) {
      if (!signal.aborted) unavailable(session.explain(error) ?? '');
    }
  }

  if (file.media_type === 'image') {
    const rendition = webImages.has(extension) ? 'original' : 'image.jpg';
    const image = element('img', { alt: fullName(file) });
    image.addEventListener('load', ready);
    image.addEventListener('error', mediaFailed);
    image.src = session.api.files.url(file.id, rendition).href;
    frame.append(image);
  } else if (file.media_type === 'audio') {
    const player = playerFor('audio', ['original', 'audio.mp3']);
    show(element('div', { class: 'audio' }, element('span', { class: 'kind kind-audio' }, icon('audio')), player));
  } else if (file.media_type === 'video') {
    show(playerFor('video', ['original', 'video_1280.mp4', 'video_640.mp4']));
  } else if (extension === 'pdf' && navigator.pdfViewerEnabled) {
    fill(() => loadPdf(session, file, signal));
  } else if (texts.has(extension)) {
    fill(() => loadText(session, file, signal));
  } else {
    unavailable('There is no preview for this kind of file. Download it to open it on your device.');
  }
  return frame;

  function playerFor(tag: 'audio' | 'video', renditions: readonly Rendition[]): HTMLMediaElement {
    const player = element(tag, { controls: true, preload: 'metadata', 'aria-label': fullName(file) });
    for (const rendition of renditions) {
      player.append(element('source', { src: session.api.files.url(file.id, rendition).href }));
    }
    player.lastElementChild?.addEventListener('error', mediaFailed); // then the browser has tried them all
    return player;
  }
}

/**
 * A PDF in the browser's own viewer. It is fetched first, because the API hands files out as attachments; and it is called
 * a PDF whatever it is, because a page in a `blob:` address would be one of ours.
 */
async function loadPdf(session: Session, file: FileInfo, signal: AbortSignal): Promise<HTMLElement> {
  const response = await session.api.files.download(file.id, 'document.pdf', { signal });
  const blob = new Blob([await response.arrayBuffer()], { type: 'application/pdf' });
  const address = URL.createObjectURL(blob);
  signal.addEventListener('abort', () => URL.revokeObjectURL(address), { once: true });
  if (signal.aborted) URL.revokeObjectURL(address);
  return element('iframe', { src: `${address}#navpanes=0&view=FitH`, title: fullName(file) });
}

async function loadText(session: Session, file: FileInfo, signal: AbortSignal): Promise<HTMLElement> {
  const cut = file.size > mostText;
  const response = await session.api.files.download(file.id, 'original', {
    signal,
    ...(cut && { range: { start: 0, end: mostText - 1 } }),
  });
  const text = element('pre', { tabindex: '0', dir: 'auto' }, await response.text());
  if (cut) text.append(`\n\n(These are the first ${formatSize(mostText)} of ${formatSize(file.size)}.)`);
  return text;
}

function nothingToSee(file: FileInfo, sentence: string): HTMLElement[] {
  const { icon: name } = kindOf(file);
  return [
    element('span', { class: `kind kind-${name}` }, icon(name)),
    element('p', { role: 'status', class: 'nothing' }, sentence),
  ];
}
