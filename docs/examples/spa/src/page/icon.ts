const shapes = {
  alert: 'M12 4.5 21 19.5H3zM12 10.5v4M12 17h.01',
  archive: 'M4 5h16v4H4zM5.5 9v10.5h13V9M10 12.5h4',
  audio: 'M9 17.5V6.5l10-2v11M9 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 15.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  close: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  collection: 'M3.5 7.5v11h17v-11zM6 4.5h12M3.5 7.5h17',
  copy: 'M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4',
  document: 'M6.5 3.5h7l4.5 4.5v12.5H6.5zM13.5 3.5V8H18M9.5 12.5h5M9.5 16h5',
  download: 'M12 4v10.5M7.5 10.5 12 15l4.5-4.5M4.5 15.5v4h15v-4',
  eye: 'M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6zM12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z',
  folder: 'M3.5 6h6l2 2.5h9V19h-17z',
  grid: 'M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z',
  help: 'M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5h.01M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z',
  image: 'M3.5 5h17v14h-17zM4 16.5l4.5-4.5 4 4 3-3 4.5 4.5M15.5 9h.01',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1',
  list: 'M4.5 6.5h15M4.5 12h15M4.5 17.5h15',
  minimise: 'M6 9.5l6 6 6-6',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  next: 'M9.5 5.5 16 12l-6.5 6.5',
  pencil: 'M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM14 7l3 3',
  previous: 'M14.5 5.5 8 12l6.5 6.5',
  search: 'M10.5 4.5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15 15l5 5',
  share:
    'M15.5 5.5a2.5 2.5 0 1 1 5 0 2.5 2.5 0 0 1-5 0zM3.5 12a2.5 2.5 0 1 1 5 0 2.5 2.5 0 0 1-5 0zM15.5 18.5a2.5 2.5 0 1 1 5 0 2.5 2.5 0 0 1-5 0zM8.2 10.8l7.6-4.2M8.2 13.2l7.6 4.2',
  sortDown: 'M12 4.5v15M6.5 14l5.5 5.5 5.5-5.5',
  sortUp: 'M12 19.5v-15M6.5 10 12 4.5 17.5 10',
  star: 'M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7L12 16.8l-5.1 2.7 1-5.7-4.1-4 5.7-.8z',
  tag: 'M4 4.5h7.5l8.5 8.5-7 7L4.5 11.5zM8 8.5h.01',
  trash: 'M5 7h14M9.5 7V4.5h5V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5',
  unknown: 'M6.5 3.5h7l4.5 4.5v12.5H6.5zM13.5 3.5V8H18',
  upload: 'M12 15V4.5M7.5 8.5 12 4l4.5 4.5M4.5 15.5v4h15v-4',
  video: 'M3.5 5.5h17v13h-17zM10 9v6l5-3z',
} as const;

export type IconName = keyof typeof shapes;

/** A decorative icon, which assistive technology ignores. */
export function icon(name: IconName): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(namespace, 'path');
  path.setAttribute('d', shapes[name]);
  svg.append(path);
  return svg;
}
