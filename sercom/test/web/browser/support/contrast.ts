import type { LivePage } from './live-page.js';

/**
 * Texts with a contrast of less than 4.5 to 1 to what is behind them (WCAG 2, level AA), with their contrast. Controls that are
 * disabled are exempt.
 */
export function lowContrasts(page: LivePage): Promise<string[]> {
  return page.page.evaluate(() => {
    type Color = readonly [red: number, green: number, blue: number, alpha: number];
    const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!;
    // Understands every notation of CSS.
    const parse = (text: string): Color => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = text;
      context.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const over = (front: Color, back: Color): Color => {
      const mix = (index: 0 | 1 | 2) => front[index] * front[3] + back[index] * (1 - front[3]);
      return [mix(0), mix(1), mix(2), 1];
    };
    const backgroundOf = (element: Element | null): Color => {
      if (element === null) {
        return [255, 255, 255, 1];
      }
      const own = parse(getComputedStyle(element).backgroundColor);
      return own[3] >= 0.999 ? own : over(own, backgroundOf(element.parentElement));
    };
    const luminance = ([red, green, blue]: Color): number => {
      const linear = (channel: number) => {
        const share = channel / 255;
        return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      };
      return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    };
    const low: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement!;
      const isShown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      if (node.nodeValue!.trim() === '' || !isShown || element.closest(':disabled') !== null) {
        continue;
      }
      const back = backgroundOf(element);
      const front = over(parse(getComputedStyle(element).color), back);
      const [darker, lighter] = [luminance(front), luminance(back)].sort((a, b) => a - b) as [number, number];
      const contrast = (lighter + 0.05) / (darker + 0.05);
      if (contrast < 4.5) {
        low.push(`${contrast.toFixed(2)}: "${node.nodeValue!.trim().slice(0, 40)}" in ${element.className}`);
      }
    }
    return [...new Set(low)];
  });
}
