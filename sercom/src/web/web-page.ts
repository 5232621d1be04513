import { randomUUID } from 'node:crypto';
import type { RecordDecoder } from '../decoders/record-decoder.js';
import { decodeRecord } from '../formats/decoded.js';
import type { WebOptions } from '../options/web-options.js';
import type { SessionPort } from '../ports/open-ports.js';
import { nowUs } from '../records/clock.js';
import type { LogNote } from '../records/log-notes.js';
import type { PortEvent } from '../records/port-event.js';
import type { PacketRecord } from '../records/record.js';
import type { RequestIdBytes } from '../records/request-ids.js';
import type { SessionEvent } from '../records/session-event.js';
import type { LivePorts } from '../session/live-ports.js';
import type { RecordSink } from '../sinks/sink.js';
import { printMessage } from '../terminal/message.js';
import { escapeText } from '../text/escape.js';
import type { MarkKind } from './protocol.js';
import { PlotMarks } from './series/plot-marks.js';
import { SeriesStore } from './series/series-store.js';
import { apiRoutes } from './server/api-routes.js';
import { Connections } from './server/connections.js';
import { Feeds } from './server/feeds.js';
import { metricsRoute } from './server/metrics.js';
import { type OpenedBrowser, openBrowser } from './server/open-browser.js';
import type { PageModel } from './server/page-model.js';
import { PageSender, type PageSenderOptions } from './server/page-sender.js';
import { RowCounts } from './server/row-counts.js';
import { Rows, SHOWN_BYTES } from './server/rows.js';
import { readStaticFiles } from './server/static-files.js';
import { Token } from './server/token.js';
import { WebServer } from './server/web-server.js';
import { Kinds } from './store/kinds.js';
import { type Mark, PacketStore } from './store/packet-store.js';

/** Only this machine, and any free port. */
const DEFAULT_ADDRESS = { host: '127.0.0.1', port: 0 };

/** Of records that wait to be kept: the memory of more would have left the caches of the processor by then. */
const MAX_WAITING = 1_000;

/** What a remark ends with. A mark has its own time. */
const TIME_OF_REMARK = / {2}\d{4}-\d\d-\d\dT[\d:.]+Z$/;

export interface WebPageOptions extends WebOptions {
  /** What the page shows: see `page-title.ts`. */
  readonly title: string;
  /** Whether it shows ports. Otherwise it shows a recording. */
  readonly isLive: boolean;
  /** The names of all connections that are known. */
  readonly names: readonly string[];
  readonly decoder: RecordDecoder | undefined;
  /** What captures name dissectors for. */
  readonly captureDecoder: RecordDecoder | undefined;
  /** Packets have ids of this many bytes. Default: they have none. */
  readonly requestIdBytes?: RequestIdBytes | undefined;
  readonly leadingBytes: number;
  /** How the page sends. Default: it must not. */
  readonly sending?: PageSenderOptions | undefined;
}

/**
 * The live page: keeps records for browsers, and serves them. A slow browser loses what it is sent, never what is kept, and
 * holds nothing up.
 */
export class WebPage implements RecordSink {
  /** Never full: the oldest records are dropped instead. */
  readonly whenFull = 'drop';
  readonly #model: PageModel;
  readonly #feeds: Feeds;
  readonly #server: WebServer;
  readonly #token: Token;
  readonly #opensPage: boolean;
  #opened: Promise<OpenedBrowser | undefined> | undefined;
  #isAnnounced = false;
  /**
   * Records that are kept at the end of this turn of the event loop: one after the other, which takes less time than between
   * what other sinks do.
   */
  #waiting: PacketRecord[] = [];

  /**
   * Listens for browsers.
   *
   * @throws CliError
   */
  static async open(options: WebPageOptions): Promise<WebPage> {
    const { webAddress: address = DEFAULT_ADDRESS, isWebPublic: isPublic = false, webTokenFile } = options;
    const token = await Token.create(webTokenFile);
    const files = await readStaticFiles();
    const model = modelOf(options);
    const feeds = new Feeds(model);
    const routes = new Map([
      ...apiRoutes(model, feeds),
      ['/metrics', metricsRoute({ model, feeds, server: () => server })],
    ]);
    const server: WebServer = await WebServer.open({ address, isPublic, token, files, routes });
    return new WebPage(model, feeds, server, token, options.opensPage === true);
  }

  private constructor(model: PageModel, feeds: Feeds, server: WebServer, token: Token, opensPage: boolean) {
    this.#model = model;
    this.#feeds = feeds;
    this.#server = server;
    this.#token = token;
    this.#opensPage = opensPage;
    model.store.onDrop((first) => {
      model.series.dropBefore(first);
      model.plotMarks.dropBefore(first);
    });
  }

  /** The address of the page, with the token. */
  get url(): string {
    return `${this.#server.origin}#token=${this.#token.text}`;
  }

  /** Its address for the user. What is printed may be kept in a journal, and a token of a file is valid for as long. */
  get #shownAddress(): string {
    const { file } = this.#token;
    return file === undefined ? this.url : `${this.#server.origin} (add #token= with the contents of ${file})`;
  }

  /** Shows the state of ports from now on, and sends to them. */
  attach(live: LivePorts, ports: readonly SessionPort[]): void {
    this.#model.connections.attach(live, ports);
    this.#model.sender?.attach(live);
    this.#feeds.changed();
  }

  /** Says where the page is, and opens it, once there is something to show. */
  begin(): void {
    if (!this.#isAnnounced) {
      this.#isAnnounced = true;
      printMessage(`the page is at ${this.#shownAddress}`);
      if (this.#opensPage) {
        this.#opened = openBrowser(this.url);
      }
    }
  }

  write(record: PacketRecord): void {
    const waiting = this.#waiting.push(record);
    if (waiting === 1) {
      this.begin();
      setImmediate(this.#keepWaiting);
    } else if (waiting >= MAX_WAITING) {
      this.#keepWaiting();
    }
  }

  event({ timeUs, name, dir, text }: SessionEvent): boolean {
    this.#mark({ timeUs, kind: 'session', name, text: dir === undefined ? text : `${dir}: ${text}` });
    // Nobody may look at the page.
    return false;
  }

  portChanged({ timeUs, name, isConnected, text }: PortEvent): void {
    // The names of records that came before get their indices first.
    this.#keepWaiting();
    this.#model.connections.change(name, timeUs, isConnected);
    this.#mark({ timeUs, kind: isConnected ? 'connected' : 'disconnected', name, text });
  }

  /** Marks what a log says between its records. */
  note(note: LogNote): void {
    if (note.kind === 'port') {
      this.portChanged(note);
    } else {
      this.#mark({ ...note, kind: note.kind === 'remark' ? 'marker' : 'session' });
    }
  }

  remark(text: string): void {
    this.#mark({ timeUs: nowUs(), kind: 'marker', text: text.replace(TIME_OF_REMARK, '') });
  }

  /** Says that the recording is over. The page stays. */
  setEnded(text: string): void {
    this.#keepWaiting();
    this.#model.end = { isOver: true, text };
    this.#feeds.changed();
  }

  /** Ends all connections, and removes the file that opened the browser. */
  async close(): Promise<void> {
    this.#keepWaiting();
    this.#feeds.close({ isOver: false, text: 'sercom has ended' });
    await this.#server.close();
    await (await this.#opened)?.close();
  }

  readonly #keepWaiting = (): void => {
    if (this.#waiting.length === 0) {
      return;
    }
    const records = this.#waiting;
    this.#waiting = [];
    for (const record of records) {
      this.#keep(record);
    }
    this.#feeds.changed();
  };

  #keep(record: PacketRecord): void {
    const { store, series, decoder } = this.#model;
    const row = store.add(record);
    const decoded = decoder && decodeRecord(record, decoder);
    if (decoded !== undefined && 'value' in decoded) {
      const { name, dir, timeUs } = record;
      series.add({ row, timeUs, name: store.names.indexOf(name), dir }, decoded.value.value);
      store.trim();
    }
  }

  #mark(mark: Mark & { kind: MarkKind }): void {
    this.#keepWaiting();
    const { store, plotMarks } = this.#model;
    const row = store.mark(mark);
    const { timeUs, kind, name } = mark;
    plotMarks.add({ row, timeUs, mark: kind, ...(name !== undefined && { name: store.names.indexOf(name) }) });
    this.#feeds.changed();
  }
}

function modelOf(options: WebPageOptions): PageModel {
  const { names, decoder, captureDecoder, requestIdBytes = 0, leadingBytes, title, isLive, sending } = options;
  const memoryBytes = options.webMemoryBytes;
  const store = new PacketStore({ memoryBytes, names });
  const kinds = new Kinds({ names: store.names, leadingBytes });
  const connections = new Connections(store.names);
  return {
    hello: {
      version: 1,
      run: randomUUID(),
      title: escapeText(title),
      isLive,
      idBytes: requestIdBytes,
      hasDecoder: decoder !== undefined,
      shownBytes: SHOWN_BYTES,
      leadingBytes,
      memoryBytes,
    },
    store,
    series: new SeriesStore(store.memory),
    plotMarks: new PlotMarks(store.memory),
    kinds,
    connections,
    counts: new RowCounts(store, kinds, connections),
    rows: new Rows(store, decoder),
    decoder,
    captureDecoder,
    hasIds: requestIdBytes !== 0,
    sender: sending && new PageSender(sending),
    end: undefined,
  };
}
