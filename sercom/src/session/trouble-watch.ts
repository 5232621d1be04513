import type { ConnectionError, ConnectionState, SerialStats } from 'serial-communicator';
import { ACKNOWLEDGED } from '../options/delivery-options.js';
import { withFlags } from '../options/port-options.js';
import type { SessionPort } from '../ports/open-ports.js';
import { printMessage } from '../terminal/message.js';
import { receiveTrouble, whyNoSession } from './diagnosis.js';

/** Why a port is not open, where that has been reported already. */
const REPORTED: readonly string[] = ['PORT_NOT_FOUND', 'CONNECTION_LOST', 'CONNECTION_RELEASED'];

/** How long bytes may arrive without a packet before that is reported. */
const RECEIVE_PATIENCE_MS = 2_000;

/** How long a port that exists may fail to open. After it is plugged in, its permissions may come late. */
const OPEN_PATIENCE_MS = 2_000;

/** How long a packet may wait while the device accepts no bytes. A slow line accepts them in steps. */
const SEND_PATIENCE_MS = 5_000;

/**
 * The bits of such a step. Linux accepts the next bytes only when its buffer of 4,096 bytes is almost empty. Each byte has
 * at most twelve bits on the line.
 */
const STEP_BITS = 12 * 4_096;

/** How long a device may take to answer the handshake before that is reported. It may be starting. */
const SESSION_PATIENCE_MS = 4_000;

/** How often the counters are looked at. */
const CHECK_MS = 500;

/** What the watch can see of the ports. */
interface WatchedPorts {
  stats(name: string): SerialStats;
  state(name: string): ConnectionState;
  connectionError(name: string): ConnectionError | undefined;
  /** Why no session is possible, which has been reported. */
  incompatibility(name: string): string | undefined;
  /** Some bytes that are no packet. */
  unframed(name: string): Uint8Array;
}

export interface TroubleWatchOptions {
  ports: readonly Pick<SessionPort, 'name' | 'connection'>[];
  live: WatchedPorts;
  /** How the user can see the bytes that are no packets. Undefined if it need not be reported that there are any. */
  seeBytes: string | undefined;
}

interface PortWatch {
  name: string;
  /** Since when the port has failed to open although it exists. */
  unopenedSinceMs: number | undefined;
  isOpenReported: boolean;
  settleMs: number;
  sendPatienceMs: number;
  /** When the first byte had arrived that is not part of a packet, until that is reported or a packet arrives. */
  unframedSinceMs: number | undefined;
  isReceiveSettled: boolean;
  /** Since when the port has been open without a session. */
  noSessionSinceMs: number | undefined;
  isSessionReported: boolean;
  /** When the device last accepted bytes, or had none to accept. */
  acceptedAtMs: number;
  bytesWritten: number;
  isSendReported: boolean;
}

/**
 * Reports on stderr, once for each port and trouble, what is wrong and what to do about it: the port exists but does not
 * open, bytes arrive but no packets, the device answers no handshake, or it accepts no bytes.
 */
export class TroubleWatch {
  readonly #options: TroubleWatchOptions;
  readonly #ports: readonly PortWatch[];
  readonly #timer: NodeJS.Timeout;

  constructor(options: TroubleWatchOptions) {
    this.#options = options;
    this.#ports = options.ports.map(({ name, connection }) => ({
      name,
      unopenedSinceMs: undefined,
      isOpenReported: false,
      settleMs: connection.settleMs,
      sendPatienceMs:
        connection.settleMs +
        Math.max(SEND_PATIENCE_MS, (1_000 * STEP_BITS) / (connection.baudRate ?? Number.POSITIVE_INFINITY)),
      unframedSinceMs: undefined,
      // A device without a session is reported for that.
      isReceiveSettled: options.seeBytes === undefined || connection.delivery === ACKNOWLEDGED,
      noSessionSinceMs: undefined,
      isSessionReported: false,
      acceptedAtMs: performance.now(),
      bytesWritten: 0,
      isSendReported: false,
    }));
    this.#timer = setInterval(() => this.#check(), CHECK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    for (const port of this.#ports) {
      const stats = this.#options.live.stats(port.name);
      this.#checkOpening(port);
      this.#checkReceiving(port, stats);
      this.#checkSession(port, stats);
      this.#checkSending(port, stats);
    }
  }

  #checkOpening(port: PortWatch): void {
    const error = this.#options.live.connectionError(port.name);
    if (error === undefined || REPORTED.includes(error.code)) {
      port.unopenedSinceMs = undefined;
      port.isOpenReported = false;
      return;
    }
    port.unopenedSinceMs ??= performance.now();
    if (!port.isOpenReported && performance.now() - port.unopenedSinceMs >= OPEN_PATIENCE_MS) {
      port.isOpenReported = true;
      printMessage(`${withFlags(error.message)}; trying again`);
    }
  }

  #checkReceiving(port: PortWatch, stats: SerialStats): void {
    port.isReceiveSettled ||= stats.packetsReceived > 0;
    if (port.isReceiveSettled) {
      return;
    }
    const { name } = port;
    const trouble = receiveTrouble(stats, this.#options.live.unframed(name), this.#options.seeBytes);
    if (trouble === undefined) {
      return;
    }
    port.unframedSinceMs ??= performance.now();
    if (performance.now() - port.unframedSinceMs >= RECEIVE_PATIENCE_MS) {
      port.isReceiveSettled = true;
      printMessage(`"${name}": ${trouble}`);
    }
  }

  #checkSession(port: PortWatch, stats: SerialStats): void {
    const { name } = port;
    const { delivery } = stats;
    const { live } = this.#options;
    const hasAnswered = delivery?.session !== undefined || live.incompatibility(name) !== undefined;
    if (delivery === undefined || hasAnswered || live.state(name) !== 'connected') {
      port.noSessionSinceMs = undefined;
      port.isSessionReported &&= delivery?.session === undefined;
      return;
    }
    port.noSessionSinceMs ??= performance.now();
    if (!port.isSessionReported && performance.now() - port.noSessionSinceMs >= SESSION_PATIENCE_MS + port.settleMs) {
      port.isSessionReported = true;
      printMessage(`"${name}": no session yet: ${whyNoSession(stats, live.unframed(name))}`);
    }
  }

  #checkSending(port: PortWatch, { packetsWaiting, bytesWritten }: SerialStats): void {
    const { name } = port;
    const isConnected = this.#options.live.state(name) === 'connected';
    if (packetsWaiting === 0 || bytesWritten !== port.bytesWritten || !isConnected) {
      port.bytesWritten = bytesWritten;
      port.acceptedAtMs = performance.now();
    } else if (!port.isSendReported && performance.now() - port.acceptedAtMs >= port.sendPatienceMs) {
      port.isSendReported = true;
      printMessage(
        `"${name}": the device accepts no bytes: check that its program reads the port, and the flow control (--rtscts, --xon)`,
      );
    }
  }
}
