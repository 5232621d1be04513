import { USB_PACKET_BYTES, type UsbTransfers } from './usb-transfers.js';

const SETUP_BYTES = 8;
const IN_REQUEST = 0x80;

/** A request to the control endpoint. */
export interface ControlRequest {
  /** bmRequestType, bRequest, wValue, wIndex. */
  readonly setup: readonly [type: number, request: number, value: number, index: number];
  /** What the request sends. Default: nothing. */
  readonly data?: Uint8Array;
  /** How many bytes it asks for. Default: none. */
  readonly wanted?: number;
  /** Called with the answer; with nothing if the device has refused the request, or has not answered in time. */
  readonly done?: (answer: Uint8Array | undefined) => void;
}

/** One transaction on the bus. */
export interface UsbTransaction {
  readonly bytes: number;
  /** Call this at its end. */
  complete(): void;
}

type Stage = 'setup' | 'dataIn' | 'dataOut' | 'statusIn' | 'statusOut';

/** The host's side of the control endpoint: requests, one after another. */
export class UsbControl {
  readonly #transfers: UsbTransfers;
  readonly #sendSetup: (packet: Uint8Array) => void;
  #requests: ControlRequest[] = [];
  #stage: Stage = 'setup';
  /** What the request has received, or what it has still to send. */
  #data: Uint8Array = new Uint8Array();

  constructor(transfers: UsbTransfers, sendSetup: (packet: Uint8Array) => void) {
    this.#transfers = transfers;
    this.#sendSetup = sendSetup;
  }

  get isIdle(): boolean {
    return this.#requests.length === 0;
  }

  add(request: ControlRequest): void {
    this.#requests.push(request);
  }

  /** Forgets all requests. */
  clear(): void {
    this.#requests = [];
    this.#stage = 'setup';
  }

  /** Ends the current request without an answer. */
  fail(): void {
    if (this.#stage !== 'setup') {
      this.#end(undefined);
    }
  }

  /** The next transaction; undefined if there is no request, or the device is not ready. */
  next(): UsbTransaction | undefined {
    const request = this.#requests[0];
    if (request === undefined) {
      return undefined;
    }
    if (this.#stage === 'setup') {
      return { bytes: SETUP_BYTES, complete: () => this.#setup(request) };
    }
    const direction = this.#stage === 'dataIn' || this.#stage === 'statusIn' ? 'in' : 'out';
    if (!this.#transfers.isReady(0, direction)) {
      return undefined;
    }
    return { bytes: this.#transfers.packetBytes(0, direction), complete: () => this.#proceed(request) };
  }

  #setup(request: ControlRequest): void {
    const { data = new Uint8Array(), wanted = 0 } = request;
    const [type, code, value, index] = request.setup;
    const packet = Buffer.alloc(SETUP_BYTES);
    packet[0] = type;
    packet[1] = code;
    packet.writeUInt16LE(value, 2);
    packet.writeUInt16LE(index, 4);
    packet.writeUInt16LE(type & IN_REQUEST ? wanted : data.length, 6);
    this.#data = data;
    if (data.length > 0) {
      this.#stage = 'dataOut';
    } else {
      this.#stage = wanted > 0 ? 'dataIn' : 'statusIn';
    }
    this.#transfers.resetControl();
    this.#sendSetup(packet);
  }

  #proceed({ wanted = 0 }: ControlRequest): void {
    switch (this.#stage) {
      case 'dataIn': {
        const packet = this.#transfers.takeIn(0);
        this.#data = Buffer.concat([this.#data, packet]).subarray(0, wanted);
        if (packet.length < USB_PACKET_BYTES || this.#data.length === wanted) {
          this.#stage = 'statusOut';
        }
        break;
      }
      case 'dataOut': {
        const packet = this.#data.subarray(0, this.#transfers.packetBytes(0, 'out'));
        this.#data = this.#data.subarray(packet.length);
        if (this.#data.length === 0) {
          this.#stage = 'statusIn';
        }
        this.#transfers.putOut(0, packet);
        break;
      }
      case 'statusIn':
        this.#transfers.takeIn(0);
        this.#end(this.#data);
        break;
      case 'statusOut':
        this.#transfers.putOut(0, new Uint8Array());
        this.#end(this.#data);
        break;
    }
  }

  #end(answer: Uint8Array | undefined): void {
    this.#stage = 'setup';
    this.#requests.shift()?.done?.(answer);
  }
}
