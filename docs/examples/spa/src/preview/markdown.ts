import { element } from '../page/element.js';

// Markdown as far as notes and readme files use it. It makes elements with text in them: HTML in the source stays text.

/** The blocks of a document. */
export function renderMarkdown(source: string): HTMLElement {
  const lines = source.replace(/\r\n?/g, '\n').split('\n');
  const article = element('article', { class: 'markdown', tabindex: '0', dir: 'auto' });
  let at = 0;
  /** Takes the lines up to the first that does not match. */
  const take = (wanted: (line: string) => boolean): string[] => {
    const start = at;
    while (at < lines.length && wanted(lines[at] ?? '')) at += 1;
    return lines.slice(start, at);
  };

  while (at < lines.length) {
    const line = lines[at] ?? '';
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    const fence = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (line.trim() === '') at += 1;
    else if (fence) {
      at += 1;
      const code = take((next) => !next.trimStart().startsWith(fence));
      at += 1;
      article.append(element('pre', { tabindex: '0' }, element('code', {}, code.join('\n'))));
    } else if (heading) {
      at += 1;
      article.append(element(headingTag(heading[1]?.length ?? 1), {}, ...inline(heading[2] ?? '')));
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      at += 1;
      article.append(element('hr'));
    } else if (/^\s*>/.test(line)) {
      const quoted = take((next) => /^\s*>/.test(next)).map((next) => next.replace(/^\s*>\s?/, ''));
      article.append(element('blockquote', {}, element('p', {}, ...inline(quoted.join('\n')))));
    } else if (isItem(line)) {
      const ordered = /^\s*\d/.test(line);
      const items = take((next) => isItem(next) || (/^\s{2,}\S/.test(next) && !isItem(next)));
      article.append(element(ordered ? 'ol' : 'ul', {}, ...itemsOf(items)));
    } else {
      at += 1;
      const more = take((next) => next.trim() !== '' && !isItem(next) && !/^(#{1,6}\s|\s*>|\s*(`{3}|~{3}))/.test(next));
      article.append(element('p', {}, ...inline([line, ...more].join('\n'))));
    }
  }
  return article;
}

/** The title of the preview is above them. */
function headingTag(level: number): 'h3' | 'h4' | 'h5' {
  return level === 1 ? 'h3' : level === 2 ? 'h4' : 'h5';
}

function isItem(line: string): boolean {
  return /^\s*([-*+]|\d{1,9}[.)])\s+/.test(line);
}

function itemsOf(lines: readonly string[]): HTMLLIElement[] {
  const items: string[] = [];
  for (const line of lines) {
    if (isItem(line)) items.push(line.replace(/^\s*([-*+]|\d{1,9}[.)])\s+/, ''));
    else items.push(`${items.pop() ?? ''}\n${line.trim()}`);
  }
  return items.map((item) => element('li', {}, ...inline(item)));
}

const span =
  /`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|\b_([^_]+)_\b|!\[([^\]]*)\]\([^)\s]*\)|\[([^\]]+)\]\(([^)\s]+)\)/g;

function inline(text: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(span)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const [, code, strong, strongToo, em, emToo, image, label, target] = match;
    if (code !== undefined) parts.push(element('code', {}, code));
    else if (strong ?? strongToo) parts.push(element('strong', {}, strong ?? strongToo ?? ''));
    else if (em ?? emToo) parts.push(element('em', {}, em ?? emToo ?? ''));
    else if (image !== undefined)
      parts.push(element('em', {}, image || 'image')); // loading it would tell others who reads this
    else parts.push(link(label ?? '', target ?? ''));
  }
  parts.push(text.slice(end));
  return parts;
}

function link(label: string, target: string): Node | string {
  if (!/^(https?:\/\/|mailto:)/i.test(target) || !URL.canParse(target)) return label;
  return element('a', { href: target, target: '_blank', rel: 'noopener noreferrer', title: target }, label);
}
