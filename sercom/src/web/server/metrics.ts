import type { RejectReason } from 'serial-communicator';
import { escapeText } from '../../text/escape.js';
import type { Feeds } from './feeds.js';
import type { PageModel } from './page-model.js';
import { REFUSAL_REASONS } from './refusal.js';
import type { Route, WebServer } from './web-server.js';

/** What the metrics are made of. */
export interface MetricSources {
  readonly model: Pick<PageModel, 'store' | 'connections' | 'counts'>;
  readonly feeds: Pick<Feeds, 'count' | 'skippedRows'>;
  /** Undefined before it listens. */
  readonly server: () => Pick<WebServer, 'refusals' | 'refusedConnections'> | undefined;
}

/** All reasons to reject a frame. As an object, so that none can be forgotten. */
const REJECT_REASONS = Object.keys({
  malformed: 0,
  'too-long': 0,
  'too-short': 0,
  checksum: 0,
} satisfies Record<RejectReason, 0>);

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly values: readonly (readonly [labels: Labels, value: number])[];
}

/** GET /metrics: counters for monitoring systems, in the text format of Prometheus. */
export function metricsRoute(sources: MetricSources): Route {
  return {
    method: 'GET',
    answer({ response }) {
      response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
      response.end(metricsText(sources));
    },
  };
}

function metricsText({ model, feeds, server }: MetricSources): string {
  const metrics = [...connectionMetrics(model), ...pageMetrics(model, feeds, server())];
  return metrics.map(formatted).join('');
}

function connectionMetrics({ store, connections, counts }: MetricSources['model']): Metric[] {
  counts.countRows();
  const statuses = connections.statuses();
  const named = statuses.map((status, index) => ({ ...status, name: store.names.at(index) }));
  const live = named.filter(({ state }) => state !== 'recorded');
  const traffic = (
    received: 'receivedPackets' | 'receivedBytes',
    sent: 'sentPackets' | 'sentBytes',
  ): Metric['values'] =>
    named.flatMap((each) => [
      [{ name: each.name, direction: 'received' }, each[received]],
      [{ name: each.name, direction: 'sent' }, each[sent]],
    ]);
  const perPort = (value: (each: (typeof live)[number]) => number): Metric['values'] =>
    live.map((each) => [{ name: each.name }, value(each)]);
  return [
    counter('packets_total', 'Packets.', traffic('receivedPackets', 'sentPackets')),
    counter('packet_bytes_total', 'Bytes of the packets.', traffic('receivedBytes', 'sentBytes')),
    counter(
      'rejected_frames_total',
      'Frames that yielded no packet.',
      // Also those that have not happened, since no rate can be made of the first value of a counter.
      named.flatMap(({ name, rejected }) =>
        REJECT_REASONS.map((reason): [Labels, number] => [{ name, reason }, rejected[reason] ?? 0]),
      ),
    ),
    gauge(
      'connected',
      'Whether the port is open.',
      perPort(({ state }) => (state === 'connected' ? 1 : 0)),
    ),
    counter(
      'losses_total',
      'Times that the port was lost.',
      perPort(({ name }) => connections.portCounts(name)?.losses ?? 0),
    ),
    counter(
      'failed_packets_total',
      'Packets that could not be sent, or were not acknowledged.',
      perPort(({ name }) => connections.portCounts(name)?.failedPackets ?? 0),
    ),
    counter(
      'reconnects_total',
      'Times that the port was opened again.',
      perPort(({ reconnects }) => reconnects),
    ),
    gauge(
      'queued_packets',
      'Received packets that wait for a slow reader.',
      perPort(({ queuedPackets }) => queuedPackets),
    ),
    gauge(
      'queued_bytes',
      'Bytes of packets that wait to be sent.',
      perPort(({ queuedBytes }) => queuedBytes),
    ),
    counter(
      'skipped_bytes_total',
      'Bytes that are no part of a packet or rejected frame.',
      perPort(({ skippedBytes }) => skippedBytes),
    ),
  ];
}

function pageMetrics(
  { store }: MetricSources['model'],
  feeds: MetricSources['feeds'],
  server: ReturnType<MetricSources['server']>,
): Metric[] {
  const refusals = REFUSAL_REASONS.map((reason): [Labels, number] => [{ reason }, server?.refusals.get(reason) ?? 0]);
  return [
    gauge('web_held_rows', 'Rows that the page can show.', [[{}, store.end - store.first]]),
    gauge('web_held_bytes', 'Memory that they use.', [[{}, store.usedBytes]]),
    counter('web_dropped_rows_total', 'Packets and rejected frames that were dropped, to save memory.', [
      [{}, store.droppedRows],
    ]),
    counter('web_dropped_marks_total', 'Marks that were dropped, to save memory.', [[{}, store.droppedMarks]]),
    gauge('web_feeds', 'Open pages.', [[{}, feeds.count]]),
    counter('web_skipped_rows_total', 'Rows that slow pages did not get.', [[{}, feeds.skippedRows]]),
    counter('web_refused_requests_total', 'Requests that were refused.', refusals),
    counter('web_refused_connections_total', 'Connections that were refused, because there were too many.', [
      [{}, server?.refusedConnections ?? 0],
    ]),
  ];
}

function counter(name: string, help: string, values: Metric['values']): Metric {
  return { name: `sercom_${name}`, type: 'counter', help, values };
}

function gauge(name: string, help: string, values: Metric['values']): Metric {
  return { name: `sercom_${name}`, type: 'gauge', help, values };
}

function formatted({ name, type, help, values }: Metric): string {
  const lines = values.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const all = Object.entries(labels).map(([key, value]) => {
    // Nothing that a terminal or a browser would act on, different for different values, and then what the format requires.
    const escaped = escapeText(value.replaceAll('\\', '\\\\'));
    const quoted = escaped.replace(/[\\"]/g, '\\$&');
    return `${key}="${quoted}"`;
  });
  return all.length === 0 ? '' : `{${all.join(',')}}`;
}
