import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { findRow, keyOf, type TcpRow } from './tcp-table.js';

/** Default of `keepAliveMs`, and the least that the kernel can do. */
const DEFAULT_KEEP_ALIVE_MS = 15_000;
const MIN_KEEP_ALIVE_MS = 4_000;

/** What libuv sets: after the idle time, one probe each second, and the connection fails with the tenth. */
const PROBES_MS = 10_000;

/** Readings of the table within `keepAliveMs`, and how many in a row show that the peer has vanished. */
const READINGS = 8;
const BAD_READINGS = 5;

/** One reading can miss a row, because the table changes meanwhile. */
const MISSING_READINGS = 2;

/** What a {@link PeerWatch} reports. */
export interface PeerOwner {
  /** The peer has not answered for `keepAliveMs`. Called at most once. On systems other than Linux, the socket fails instead. */
  vanished(): void;
  /** The peer has closed the connection, although nothing is being read. Only on Linux. */
  ended?(): void;
}

/**
 * Notices that the peer of a TCP socket has vanished without a word, also while bytes are in flight, or has ended while
 * nothing is being read. `docs/network.md` says how and on which systems. For programs that serve a port; the connections of
 * this library have one each.
 */
export class PeerWatch {
  readonly #owner: PeerOwner;
  readonly #limitMs: number;
  /** The connection in the table. */
  readonly #key: string;
  /** The table, which has a file of its own for IPv6. @internal */
  readonly file: string;
  /** To be set whenever something was received. */
  heard = false;
  #hasWritten = false;
  #isWatched = false;
  #checkedAtMs = 0;
  #badReadings = 0;
  #unanswered = 0;
  #isReading = true;
  #missing = 0;

  /**
   * @param socket - connected. Its keep-alive is set
   * @param keepAliveMs - default 15,000; less than 4,000 counts as 4,000
   */
  constructor(socket: Socket, keepAliveMs: number | undefined, owner: PeerOwner) {
    this.#owner = owner;
    this.#limitMs = Math.max(keepAliveMs ?? DEFAULT_KEEP_ALIVE_MS, MIN_KEEP_ALIVE_MS);
    this.#key = keyOf(socket);
    this.file = socket.localFamily === 'IPv6' ? '/proc/net/tcp6' : '/proc/net/tcp';
    socket.setKeepAlive(true, this.#isAlwaysWatched ? this.#limitMs / 4 : this.#limitMs - PROBES_MS);
    if (this.#isAlwaysWatched) {
      this.wrote();
    }
  }

  /** The longest time between two readings. @internal */
  get intervalMs(): number {
    return this.#limitMs / READINGS;
  }

  /** To be called whenever something was written. */
  wrote(): void {
    this.#hasWritten = true;
    this.#watch();
  }

  /** Whether the port is being read. If not, the end of the connection shows only in the table. */
  set isReading(isReading: boolean) {
    this.#isReading = isReading;
    if (!isReading) {
      this.#watch();
    }
  }

  #watch(): void {
    if (!this.#isWatched) {
      this.#isWatched = true;
      this.#checkedAtMs = performance.now();
      this.#forget();
      tableReader.add(this);
    }
  }

  /** Watches no more. To be called when the socket is closed. */
  close(): void {
    tableReader.remove(this);
  }

  /** Whether the table has to be read for this peer. It need not if it has sent something, or it is too early. @internal */
  needsReading(nowMs: number): boolean {
    if (nowMs - this.#checkedAtMs < this.intervalMs - 1) {
      return false;
    }
    this.#checkedAtMs = nowMs;
    if (this.heard) {
      this.heard = false;
      this.#forget();
      return false;
    }
    this.#hasWritten = false;
    return true;
  }

  /** Looks the connection up. If it is not there, nothing is known. @internal */
  read(table: string): void {
    const row = findRow(table, this.#key);
    if (row === undefined) {
      // A connection that was reset is not in the table.
      this.#missing++;
    } else if (!this.heard) {
      this.#missing = 0;
      this.#readRow(row);
    }
    if (!this.#isReading && (row?.hasEnded || this.#missing >= MISSING_READINGS)) {
      this.#isReading = true;
      this.#owner.ended?.();
    }
  }

  #readRow({ unanswered, unacknowledged }: TcpRow): void {
    if (unanswered === 0 || unanswered < this.#unanswered) {
      // The peer has answered, at least to something.
      this.#forget();
    }
    this.#unanswered = unanswered;
    if (unanswered > 0 && ++this.#badReadings >= BAD_READINGS) {
      this.close();
      this.#owner.vanished();
    } else if (unacknowledged === 0 && !this.#hasWritten && this.#isReading && !this.#isAlwaysWatched) {
      this.#isWatched = false;
      tableReader.remove(this);
    }
  }

  /** Whether the kernel's own probes would take too long. */
  get #isAlwaysWatched(): boolean {
    return this.#limitMs < PROBES_MS + 1_000;
  }

  #forget(): void {
    this.#badReadings = 0;
    this.#unanswered = 0;
  }
}

/**
 * While a connection is idle, the kernel sends keep-alives. While bytes are in flight it sends none, and retransmits them for a
 * quarter of an hour. So on Linux its table is read then, or while a port is not read: rarely, once for all sockets, and only for
 * peers from which nothing has arrived meanwhile.
 */
class TableReader {
  readonly #watches = new Set<PeerWatch>();
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = 0;

  add(watch: PeerWatch): void {
    if (process.platform === 'linux') {
      this.#watches.add(watch);
      this.#plan(watch.intervalMs);
    }
  }

  remove(watch: PeerWatch): void {
    this.#watches.delete(watch);
    if (this.#watches.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  /** Plans a check within this time. */
  #plan(delayMs: number): void {
    const dueAtMs = performance.now() + delayMs;
    if (this.#timer === undefined || dueAtMs < this.#dueAtMs) {
      clearTimeout(this.#timer);
      this.#dueAtMs = dueAtMs;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        void this.#check();
      }, delayMs).unref();
    }
  }

  async #check(): Promise<void> {
    const nowMs = performance.now();
    const watches = [...this.#watches].filter((watch) => watch.needsReading(nowMs));
    const files = [...new Set(watches.map(({ file }) => file))];
    // Without /proc, only the kernel's keep-alives notice a dead peer.
    const tables = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
    for (const watch of watches) {
      if (this.#watches.has(watch)) {
        watch.read(tables[files.indexOf(watch.file)]!);
      }
    }
    if (this.#watches.size > 0) {
      this.#plan(Math.min(...[...this.#watches].map(({ intervalMs }) => intervalMs)));
    }
  }
}

const tableReader = new TableReader();
