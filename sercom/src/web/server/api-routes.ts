import { findRoute } from './api/find.js';
import { locateRoute } from './api/locate.js';
import { markRoute } from './api/mark.js';
import { packetRoute } from './api/packet.js';
import { plotRoute } from './api/plot.js';
import { rowsRoute } from './api/rows.js';
import { saveRoute } from './api/save.js';
import { savePlotRoute } from './api/save-plot.js';
import { sendRoute } from './api/send.js';
import { viewRoute } from './api/view.js';
import type { Feeds } from './feeds.js';
import { LIMITS, type Limits, Slots } from './limits.js';
import type { PageModel } from './page-model.js';
import type { Route } from './web-server.js';

/** What the page can ask for, by path. */
export function apiRoutes(model: PageModel, feeds: Feeds, limits: Limits = LIMITS): Map<string, Route> {
  const saves = new Slots(limits.saves);
  return new Map<string, Route>([
    ['/api/feed', { method: 'GET', answer: (exchange) => feeds.open(exchange) }],
    ['/api/view', viewRoute(feeds)],
    ['/api/rows', rowsRoute(model, feeds)],
    ['/api/locate', locateRoute(model, feeds)],
    ['/api/find', findRoute(model, feeds, new Slots(limits.searches))],
    ['/api/packet', packetRoute(model)],
    ['/api/plot', plotRoute(model)],
    ['/api/send', sendRoute(model, new Slots(limits.sends))],
    ['/api/mark', markRoute(model)],
    ['/api/save', saveRoute(model, feeds, saves)],
    ['/api/save-plot', savePlotRoute(model, saves)],
  ]);
}
