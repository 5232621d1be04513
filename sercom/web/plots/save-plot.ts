import { fileName } from '../save.js';
import { type Server, saveBlob } from '../server.js';
import type { Span } from './axes/time-range.js';
import type { CanvasTheme } from './chart/theme.js';
import type { Panel } from './panel.js';
import { drawPicture } from './picture.js';
import { shownText } from './toolbar.js';

/** Saves what plots show as one picture. The result is the name of the file. */
export async function savePicture(
  panels: readonly Panel[],
  title: string,
  shown: Span,
  theme: CanvasTheme,
): Promise<string> {
  const ratio = panels[0]?.chart.pixelRatio ?? 1;
  const plots = panels.flatMap((panel) => {
    const { canvas } = panel.chart;
    return canvas === undefined ? [] : [{ canvas, title: panel.title, lines: panel.lines }];
  });
  if (plots.length === 0) throw new Error('no plot is drawn');
  const picture = drawPicture(plots, title, shownText(shown), theme, ratio);
  const blob = await new Promise<Blob | null>((resolve) => picture.toBlob(resolve, 'image/png'));
  // Browsers limit the size of a picture.
  if (blob === null) throw new Error('the picture is too large');
  const name = fileName('plot', 'png');
  saveBlob(blob, name);
  return name;
}

/** Saves all points of the shown time. The result is the name of the file. */
export async function saveCsv(server: Server, series: readonly number[], { fromUs, toUs }: Span): Promise<string> {
  const name = fileName('plot', 'csv');
  await server.download('save-plot', { series, fromUs: Math.floor(fromUs), toUs: Math.ceil(toUs) }, name);
  return name;
}
