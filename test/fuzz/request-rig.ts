import { expect } from 'vitest';
import { ConnectionError, SerialCommunicator, type SerialEvents } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { countListeners, someTurns } from '../contract/harness.js';
import { FAST } from '../support/mock-connection.js';
import { expectNothingUncounted, expectRequestsCounted } from '../support/stats.js';

/** What the device does with a request. */
export type Answer = 'at once' | 'later' | 'twice' | 'never' | 'error' | 'wrong id';
export const ANSWERS: readonly Answer[] = ['at once', 'later', 'twice', 'never', 'error', 'wrong id'];

/** What a consumer of packets does with each. */
export type Mode = 'is fast' | 'is slow' | 'requests' | 'throws';
export const MODES: readonly Mode[] = ['is fast', 'is slow', 'requests', 'throws'];

/** A numbered packet or request of the device; a request of the host or its reply; a packet of the host. */
const [NUMBERED, TAGGED, PLAIN] = [1, 2, 3];

/** Everything settles within this time, however slow the machine is. */
export const DEADLINE_MS = 10_000;

interface RequestPlan {
  answer: Answer;
  timeoutMs: number;
  concurrent: boolean;
  signal?: AbortSignal;
}

/** Fails if a promise does not settle. */
async function inTime<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`deadlock: ${what} not within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One connection to a device that is a test's, and a record of everything that happens to it. */
export class RequestRig {
  readonly hasIds: boolean;
  readonly serial: SerialCommunicator;
  readonly device: MockDevice;
  mode: Mode = 'is fast';
  readonly #shared = new AbortController();
  readonly #listeners = countListeners(this.#shared.signal);
  readonly #pending: Promise<unknown>[] = [];
  readonly #outcomes = new Map<string, number>();
  /** The numbers that reached the handlers, and those that reached the iterators, in order. */
  readonly #seen = { handlers: [] as number[], iterators: [] as number[] };
  /** Handlers and iterators that see a packet at the same time get the same object. */
  readonly #consumed = new Set<Uint8Array>();
  readonly #lateReplies: SerialEvents['lateReply'][] = [];
  #mixedUp = 0;
  #handlerErrors = 0;
  #thrown = 0;
  #latestNumber = 0;
  #latestTag = 0;
  #framesSent = 0;
  #wasUnplugged = false;
  #iterator: AsyncIterator<Uint8Array> | undefined;

  constructor(hasIds: boolean, requestBacklogBytes: number) {
    this.hasIds = hasIds;
    this.device = new MockDevice({ path: '/dev/mock', maxReadSize: 48, onPacket: (packet) => this.#arrived(packet) });
    this.serial = new SerialCommunicator({ binding: mockBinding(this.device), shutdownTimeoutMs: 200 });
    this.serial.on('handlerError', () => this.#handlerErrors++);
    this.serial.on('lateReply', (event) => this.#lateReplies.push(event));
    this.serial.addConnection('arm', {
      path: '/dev/mock',
      baudRate: 9_600,
      reconnect: FAST,
      requestBacklogBytes,
      ...(hasIds ? { requestIds: { bytes: 1 } } : {}),
    });
    this.serial.setReceiveHandler((_name, packet) => this.#consume(packet));
    if (hasIds) {
      this.serial.onRequest('arm', async (packet) => {
        await this.#consume(packet);
        return packet;
      });
    }
  }

  /** Makes the device send numbered packets or requests. */
  sendNumbered(count: number, areRequests: boolean): void {
    for (let left = count; left > 0; left--) {
      const number = ++this.#latestNumber;
      const id = areRequests ? 129 + (number % 127) : 0;
      this.#deviceSends(id, Uint8Array.of(NUMBERED, number >> 8, number & 0xff));
    }
  }

  /** Sends a packet from the host. */
  send(): void {
    this.#watch(this.serial.send('arm', Uint8Array.of(PLAIN, 0, 0)).catch(() => {}));
  }

  /** Makes a request. Its promise must settle, with its own reply or with an error that is meant to be. */
  request(plan: RequestPlan): Promise<void> {
    const { answer, ...options } = plan;
    const tag = ++this.#latestTag;
    const packet = Uint8Array.of(TAGGED, tag >> 8, tag & 0xff, ANSWERS.indexOf(answer));
    const isOwn = (reply: Uint8Array) => Buffer.compare(reply, packet) === 0;
    const given = { signal: this.#shared.signal, ...options, ...(this.hasIds ? {} : { matches: isOwn }) };
    const settled = this.serial.request('arm', packet, given).then(
      (reply) => {
        // The device sends a plain packet with the wrong id, which may be in use.
        this.#mixedUp += isOwn(reply) || reply[0] === PLAIN ? 0 : 1;
        return 'replied';
      },
      (error: unknown) => (error instanceof ConnectionError ? error.code : String((error as Error).message)),
    );
    const counted = settled.then((outcome) => {
      this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    });
    this.#watch(counted);
    return counted;
  }

  /** Opens an iterator, or leaves it if one is open. */
  toggleIterator(): void {
    if (this.#iterator !== undefined) {
      void this.#iterator.return!();
      this.#iterator = undefined;
      return;
    }
    const packets = this.serial.packets('arm');
    this.#iterator = packets;
    const loop = async () => {
      for await (const packet of packets) {
        await this.#consume(packet, this.#seen.iterators).catch(() => this.#thrown--);
      }
    };
    this.#watch(loop());
  }

  setOwnHandler(): void {
    this.serial.connection('arm').onPacket((packet) => this.#consume(packet));
  }

  async stall(turns: number): Promise<void> {
    this.device.stall();
    await someTurns(turns);
    this.device.resume();
  }

  async unplug(turns: number): Promise<void> {
    this.#wasUnplugged = true;
    this.device.unplug();
    await someTurns(turns);
    this.device.plug();
  }

  /** Waits until nothing is left to do, without a shutdown. */
  async becomeQuiet(): Promise<void> {
    this.mode = 'is fast';
    await inTime('ready', this.serial.ready('arm'));
    if (this.#iterator !== undefined) {
      this.toggleIterator();
    }
    await inTime('all calls', Promise.all(this.#pending));
    const isIdle = () => {
      const stats = this.serial.stats('arm');
      const { packetsDelivered, packetsDropped, repliesReceived, lateReplies, requestsReceived } = stats;
      const accounted = packetsDelivered + packetsDropped + repliesReceived + lateReplies + requestsReceived;
      const isRead = this.#wasUnplugged || stats.packetsReceived === this.#framesSent;
      return isRead && accounted === stats.packetsReceived && stats.requestsWaiting === 0;
    };
    const idle = async () => {
      while (!isIdle()) {
        await someTurns(1);
      }
      await someTurns(10);
    };
    await inTime(`idle: ${JSON.stringify(this.serial.stats('arm'))}`, idle());
    if (!this.#wasUnplugged) {
      const { packetsDropped } = this.serial.stats('arm');
      const seen = new Set([...this.#seen.handlers, ...this.#seen.iterators]);
      expect(seen.size + packetsDropped, 'no packet is lost').toBeGreaterThanOrEqual(this.#latestNumber);
    }
  }

  /** Shuts down and checks that everything settles and every packet and request is counted once. */
  async shutDown(): Promise<void> {
    const stopping = this.serial.shutdown();
    expect(this.serial.stats('arm').requestsWaiting, 'requests after shutdown was called').toBe(0);
    await inTime('shutdown', stopping);
    await inTime('all calls after shutdown', Promise.all(this.#pending));
    const stats = this.serial.stats('arm');
    expectNothingUncounted(stats);
    expectRequestsCounted(stats);
    for (const seen of [this.#seen.handlers, this.#seen.iterators]) {
      expect(seen, 'in order, each at most once').toEqual([...new Set(seen)].sort((a, b) => a - b));
    }
    expect(stats.packetsDelivered + stats.requestsReceived - stats.requestsUnhandled).toBe(this.#consumed.size);
    expect(stats.lateReplies, 'late replies').toBe(this.#lateReplies.length);
    expect(this.#mixedUp, 'replies to another request').toBe(0);
    const count = (outcome: string) => this.#outcomes.get(outcome) ?? 0;
    const all = [...this.#outcomes.values()].reduce((sum, value) => sum + value, 0);
    expect(stats.requestsReplied).toBe(count('replied'));
    expect(stats.requestsTimedOut).toBe(count('REPLY_TIMEOUT'));
    // Those made after shutdown are not counted.
    expect(stats.requestsMade).toBeLessThanOrEqual(all);
    expect(this.#handlerErrors, 'handlerError').toBeGreaterThanOrEqual(this.#thrown);
    expect(this.#listeners.now, 'listeners left').toBe(0);
  }

  #watch(promise: Promise<unknown>): void {
    this.#pending.push(promise);
  }

  async #consume(packet: Uint8Array, seen = this.#seen.handlers): Promise<void> {
    this.#consumed.add(packet);
    if (packet[0] === NUMBERED) {
      seen.push(packet[1]! * 256 + packet[2]!);
    }
    switch (this.mode) {
      case 'is fast':
        return;
      case 'is slow':
        return someTurns(2);
      case 'requests':
        return this.request({ answer: 'at once', timeoutMs: 60_000, concurrent: this.#latestTag % 2 === 0 });
      case 'throws':
        this.#thrown++;
        throw new Error('thrown on purpose');
    }
  }

  /** The device received a packet. */
  #arrived(packet: Uint8Array): void {
    const id = this.hasIds ? packet[0]! : 0;
    const payload = this.hasIds ? packet.subarray(1) : packet;
    if (payload[0] !== TAGGED || id >= 128) {
      return;
    }
    switch (ANSWERS[payload[3]!]) {
      case 'at once':
        this.#deviceSends(id, payload);
        break;
      case 'twice':
        this.#deviceSends(id, payload);
        this.#deviceSends(id, payload);
        break;
      case 'later':
        setTimeout(() => this.#deviceSends(id, payload), 8);
        break;
      case 'error':
        this.#deviceSends(128, Uint8Array.of(id, 1));
        break;
      case 'wrong id':
        this.#deviceSends((id % 127) + 1, Uint8Array.of(PLAIN));
        break;
    }
  }

  #deviceSends(id: number, payload: Uint8Array): void {
    const isOpen = this.device.openOptions !== undefined;
    this.#framesSent += isOpen ? 1 : 0;
    this.device.send(this.hasIds ? Uint8Array.of(id, ...payload) : payload).catch(() => {});
  }
}
