import type { Ground } from './series-style.js';

/** The colors that a canvas needs, taken from the style sheet. */
export interface CanvasTheme {
  readonly ground: Ground;
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly font: string;
}

/** The theme of an element that has `color`, `background-color` and `font-family` of its own. */
export function themeOf(element: HTMLElement): CanvasTheme {
  const { color, backgroundColor, fontFamily } = getComputedStyle(element);
  return {
    ground: isDark(backgroundColor) ? 'dark' : 'light',
    background: backgroundColor,
    text: color,
    muted: withAlpha(color, 0.75),
    grid: withAlpha(color, 0.12),
    font: fontFamily,
  };
}

/** Whether a computed color, as `rgb(20, 24, 29)`, is dark. */
export function isDark(color: string): boolean {
  const [red = 255, green = 255, blue = 255] = channels(color);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

export function withAlpha(color: string, alpha: number): string {
  const [red = 0, green = 0, blue = 0] = channels(color);
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

function channels(color: string): readonly number[] {
  return (color.match(/[\d.]+/g) ?? []).map(Number);
}
