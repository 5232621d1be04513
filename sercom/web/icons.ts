const SVG = 'http://www.w3.org/2000/svg';

/** Outlines on a grid of 16 by 16. */
const PATHS = {
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  down: 'M3.5 6l4.5 4.5L12.5 6',
  filter: 'M2 3h12l-4.5 5.5V13l-3-1.5v-3z',
  find: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.7 3.7',
  hold: 'M5.5 3v10M10.5 3v10',
  follow: 'M4.5 2.8l8 5.2-8 5.2z',
  end: 'M8 2v8.5M4 7l4 4 4-4M3 14h10',
  keyboard: 'M1.5 4h13v8.5h-13zM4 6.8h.01M6.7 6.8h.01M9.3 6.8h.01M12 6.8h.01M5 10h6',
  marker: 'M4 14.5V2M4 2.5h8.5L10 5.5l2.5 3H4',
  plot: 'M2 2v12h12M4.5 10.5l3-4 2.5 2.5 3.5-5',
  save: 'M8 2v8M4.5 7L8 10.5 11.5 7M2.5 11v2.5h11V11',
  send: 'M14 2L1.8 7l4.7 2.2L9 14zM14 2L6.5 9.2',
  theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  time: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4.5V8l2.5 2',
  up: 'M3.5 10L8 5.5l4.5 4.5',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture for a button. It has no meaning of its own: the button has a name. */
export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
