import type { FileInfo, Rendition } from 'doctape-sdk';
import { kindOf } from '../library/kind.js';
import { element } from '../page/element.js';
import { formatSize, fullName } from '../page/format.js';
import { icon } from '../page/icon.js';
import type { Session } from '../session/session.js';
import { renderMarkdown } from './markdown.js';

/** Image types that every browser supports. For others, the preview uses the JPEG rendition. */
const webImages = new Set(['avif', 'gif', 'jpeg', 'jpg', 'png', 'webp']);
const texts = new Set(
  'bat c cfg conf cpp cs css csv diff env go h html ini java js json log lua markdown md mjs php pl ps1 py r rb rs rst rtf sh sql srt svg tex text toml ts tsv tsx txt xhtml xml yaml yml'.split(
    ' ',
  ),
);
const markdowns = new Set(['markdown', 'md']);
const mostText = 256 * 1024;

/** Shows the content of a file if a page can. It loads in the background until `signal` is aborted. */
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

  /** A failed element does not report the reason, so this requests it from the API. */
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
    player.lastElementChild?.addEventListener('error', mediaFailed); // the browser has tried all sources
    return player;
  }
}

/**
 * Shows a PDF in the viewer of the browser. It is fetched first, because the API sends files as attachments. Its type is always
 * `application/pdf`, because an HTML page in a `blob:` URL would run with the origin of this app.
 */
async function loadPdf(session: Session, file: FileInfo, signal: AbortSignal): Promise<HTMLElement> {
  const response = await session.api.files.download(file.id, 'document.pdf', { signal });
  const blob = new Blob([await response.arrayBuffer()], { type: 'application/pdf' });
  const url = URL.createObjectURL(blob);
  signal.addEventListener('abort', () => URL.revokeObjectURL(url), { once: true });
  if (signal.aborted) URL.revokeObjectURL(url);
  return element('iframe', { src: `${url}#navpanes=0&view=FitH`, title: fullName(file) });
}

async function loadText(session: Session, file: FileInfo, signal: AbortSignal): Promise<HTMLElement> {
  const cut = file.size > mostText;
  const response = await session.api.files.download(file.id, 'original', {
    signal,
    ...(cut && { range: { start: 0, end: mostText - 1 } }),
  });
  const content = await response.text();
  const isMarkdown = markdowns.has(file.extension.toLowerCase());
  const shown = isMarkdown ? renderMarkdown(content) : element('pre', { tabindex: '0', dir: 'auto' }, content);
  if (cut) shown.append(`\n\n(These are the first ${formatSize(mostText)} of ${formatSize(file.size)}.)`);
  return shown;
}

function nothingToSee(file: FileInfo, sentence: string): HTMLElement[] {
  const { icon: name } = kindOf(file);
  return [
    element('span', { class: `kind kind-${name}` }, icon(name)),
    element('p', { role: 'status', class: 'nothing' }, sentence),
  ];
}
