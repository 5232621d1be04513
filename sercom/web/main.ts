import { h, replace } from './dom.js';
import { Feed } from './feed/feed.js';
import { Page } from './page.js';
import { HttpServer } from './server.js';
import { FragmentState } from './state.js';
import { stopWhileHidden } from './visibility.js';

/** What browsers report as an error although they only put work off: a size has changed again before it was drawn. */
const NO_FAULT = /^ResizeObserver loop/;

const state = new FragmentState(window);
if (state.token === '') {
  replace(
    document.body,
    h(
      'main',
      { class: 'no-token' },
      h('h1', {}, 'The address is incomplete'),
      h(
        'p',
        {},
        'Open the address that sercom printed, with everything after “#token=”. Without it, the page may not read any packets.',
      ),
    ),
  );
} else {
  const page = new Page(document.body, state, new HttpServer(state.token), () => feed.reconnect());
  const feed: Feed = new Feed({
    token: state.token,
    onHello: (hello) => page.begin(hello),
    onBatch: (batch) => page.take(batch),
    onStatus: (status) => page.setFeed(status),
  });
  stopWhileHidden(document, feed);
  window.addEventListener('error', ({ message }) => {
    if (!NO_FAULT.test(message)) {
      page.tell(faultText(message));
    }
  });
  window.addEventListener('unhandledrejection', ({ reason }) => page.tell(faultText(`${reason}`)));
}

/** What the user is told about a fault of this page. The console has the details. */
function faultText(message: string): string {
  return `this page has a fault (${message}); reload it, and please report what the console of the browser shows`;
}
