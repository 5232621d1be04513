import type { Browser } from 'playwright-core';

/** The path of the browser. */
export const CHROMIUM: string;

export function launchChromium(): Promise<Browser>;
