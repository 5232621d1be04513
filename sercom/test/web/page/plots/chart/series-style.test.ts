import { describe, expect, test } from 'vitest';
import {
  type Ground,
  MAX_SERIES_PER_PLOT,
  PALETTE,
  Slots,
  styleOf,
} from '../../../../../web/plots/chart/series-style.js';

type Color = readonly [number, number, number];

/** What colors look like without one kind of cones (Machado, Oliveira and Fernandes 2009), for linear RGB. */
const VISIONS: Readonly<Record<string, readonly Color[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** The backgrounds of plots: `--panel` in the style sheet. */
const GROUNDS: Readonly<Record<Ground, string>> = { light: '#ffffff', dark: '#1a1e24' };

function linear(hex: string): Color {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function seen([red, green, blue]: Color, vision: readonly Color[]): Color {
  const channel = ([r, g, b]: Color) => Math.min(1, Math.max(0, r * red + g * green + b * blue));
  return [channel(vision[0]!), channel(vision[1]!), channel(vision[2]!)];
}

/** In OKLab, where distances are those that people see. */
function distance(a: Color, b: Color): number {
  const [one, other] = [oklab(a), oklab(b)];
  return Math.hypot(...one.map((value, index) => value - other[index]!));
}

function oklab([r, g, b]: Color): Color {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function contrast(a: Color, b: Color): number {
  const luminance = ([r, g, bl]: Color) => 0.2126 * r + 0.7152 * g + 0.0722 * bl + 0.05;
  const [one, other] = [luminance(a), luminance(b)];
  return Math.max(one, other) / Math.min(one, other);
}

describe.each(['light', 'dark'] as const)('the colors on %s ground', (ground) => {
  const colors = PALETTE[ground].map(linear);

  test('have a contrast of at least 3 to 1 to the background', () => {
    const background = linear(GROUNDS[ground]);
    expect(Math.min(...colors.map((color) => contrast(color, background)))).toBeGreaterThanOrEqual(3);
  });

  // 0.02 is what people just notice.
  test.each(Object.keys(VISIONS))('differ plainly with %s', (vision) => {
    const all = colors.map((color) => seen(color, VISIONS[vision]!));
    const distances = all.flatMap((color, index) => all.slice(0, index).map((other) => distance(color, other)));
    expect(Math.min(...distances)).toBeGreaterThan(0.1);
  });
});

test('no two series of a plot look the same, and neighbors differ in more than color', () => {
  const styles = Array.from({ length: MAX_SERIES_PER_PLOT }, (_, slot) => styleOf(slot, 'light'));
  expect(new Set(styles.map(({ color, dash }) => `${color} ${dash}`)).size).toBe(MAX_SERIES_PER_PLOT);
  expect(new Set(styles.map(({ label }) => label)).size).toBe(MAX_SERIES_PER_PLOT);
  for (const [slot, { dash }] of styles.slice(1).entries()) expect(dash).not.toEqual(styles[slot]!.dash);
});

describe('Slots', () => {
  test('a series keeps its place while others come and go', () => {
    const slots = new Slots();
    expect(slots.assign(['a', 'b', 'c'])).toEqual([0, 1, 2]);
    expect(slots.assign(['c', 'a'])).toEqual([2, 0]);
    expect(slots.assign(['c', 'd', 'a', 'e'])).toEqual([2, 1, 0, 3]);
  });

  test('a place is free when its series has gone', () => {
    const slots = new Slots();
    slots.assign(['a', 'b']);
    slots.assign([]);
    expect(slots.assign(['b', 'a'])).toEqual([0, 1]);
  });
});
