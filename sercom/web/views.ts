import { ConnectionsView } from './connections.js';
import type { PageContext, Panel, View } from './context.js';
import { KindsView } from './kinds.js';
import { PacketsView } from './packets/packets-view.js';
import { PlotsView } from './plots/plots-view.js';
import { SaveDialog } from './save.js';
import { SendPanel } from './send.js';
import type { ViewName } from './state.js';

/** The views, in the order of their tabs. */
export const VIEWS: readonly {
  readonly name: ViewName;
  readonly title: string;
  create(context: PageContext): View;
}[] = [
  { name: 'packets', title: 'Packets', create: (context) => new PacketsView(context) },
  { name: 'plots', title: 'Plots', create: (context) => new PlotsView(context) },
  { name: 'kinds', title: 'Kinds', create: (context) => new KindsView(context) },
  { name: 'connections', title: 'Connections', create: (context) => new ConnectionsView(context) },
];

export type PanelName = 'send' | 'save';

/** What opens beside the views. */
export const PANELS: readonly {
  readonly name: PanelName;
  create(context: PageContext): Panel;
}[] = [
  { name: 'send', create: (context) => new SendPanel(context) },
  { name: 'save', create: (context) => new SaveDialog(context) },
];
