import type { RP2040 } from 'rp2040js';
import type { ChipListener, LineSettings, UsbEnd } from '../chip/simulated-chip.js';
import type { SimulatedClock } from './simulated-clock.js';
import { type ControlRequest, UsbControl, type UsbTransaction } from './usb-control.js';
import { type CdcPort, findCdcPort } from './usb-descriptors.js';
import { UsbTransfers } from './usb-transfers.js';

/** Time from the end of a bus reset to the first request. */
const RESET_RECOVERY_NANOS = 1e6;

/** A device that has not answered a control request for this long never will. */
const CONTROL_TIMEOUT_NANOS = 1e9;

/** Of the register SIE_CTRL. */
const SIE_CTRL = 0x4c;
const PULLUP_EN = 1 << 16;
const USBCTRL = 0x50110;

const STANDARD_OUT = 0x00;
const STANDARD_IN = 0x80;
const CLASS_OUT = 0x21;
const SET_ADDRESS = 5;
const GET_DESCRIPTOR = 6;
const SET_CONFIGURATION = 9;
const SET_LINE_CODING = 0x20;
const SET_CONTROL_LINE_STATE = 0x22;
const DEVICE = 0x100;
const DEVICE_BYTES = 18;
const CONFIGURATION = 0x200;
const CONFIGURATION_BYTES = 9;
const CONFIGURATION_VALUE_AT = 5;
const DTR = 1;
const RTS = 2;

type UsbListener = Pick<ChipListener, 'packetSent' | 'readyForPacket' | 'packetTaken'>;

const PARITIES = ['none', 'odd', 'even', 'mark', 'space'] as const;
const STOP_BITS = [1, 1.5, 2];

/** The USB host of a simulated RP2040: finds the serial port (CDC) of the program, and exchanges packets with it. */
export class UsbHost implements UsbEnd {
  readonly kind = 'usb';
  readonly #listener: UsbListener;
  readonly #transfers: UsbTransfers;
  readonly #control: UsbControl;
  readonly #transactionAlarm;
  readonly #recoveryAlarm;
  readonly #timeoutAlarm;
  #transaction: UsbTransaction | undefined;
  #isPulledUp = false;
  #isResetting = false;
  #port: CdcPort | undefined;
  #isConfigured = false;
  #isInNext = true;
  /** A packet that is on its way to the program. */
  #toProgram: Uint8Array | undefined;
  /** Whether the host takes no packet for now. */
  #isHostFull = false;
  #lineCoding: LineSettings = { baudRate: 115_200, dataBits: 8, stopBits: 1, parity: 'none' };
  #isDtrHigh = false;

  constructor(chip: RP2040, clock: SimulatedClock, listener: UsbListener) {
    this.#listener = listener;
    this.#transfers = new UsbTransfers(chip, {
      changed: () => this.#changed(),
      stalled: () => this.#controlFailed(),
    });
    this.#control = new UsbControl(this.#transfers, (packet) => chip.usbCtrl.sendSetupPacket(packet));
    this.#transactionAlarm = clock.createAlarm(() => this.#completeTransaction());
    this.#recoveryAlarm = clock.createAlarm(() => this.#enumerate());
    this.#timeoutAlarm = clock.createAlarm(() => this.#controlFailed());
    this.#watchPullUp(chip);
    chip.usbCtrl.onResetReceived = () => this.#resetReceived();
  }

  get isConfigured(): boolean {
    return this.#isConfigured;
  }

  get isTransmitting(): boolean {
    const isSending = this.#isConfigured && this.#transfers.isReady(this.#port!.inEndpoint, 'in');
    return isSending || this.#transaction !== undefined || this.#toProgram !== undefined;
  }

  setLine(lineCoding: LineSettings): void {
    this.#lineCoding = lineCoding;
    this.#sendLineCoding();
  }

  setDtr(isHigh: boolean): void {
    this.#isDtrHigh = isHigh;
    this.#sendLineState();
  }

  sendPacket(packet: Uint8Array): boolean {
    if (!this.#canSend) {
      return false;
    }
    this.#toProgram = packet;
    this.#wake();
    return true;
  }

  resume(): void {
    this.#isHostFull = false;
    this.#wake();
  }

  get #canSend(): boolean {
    const port = this.#isConfigured ? this.#port : undefined;
    const isFree = this.#toProgram === undefined && this.#control.isIdle;
    return port !== undefined && isFree && this.#transfers.isReady(port.outEndpoint, 'out');
  }

  /** The program has made a buffer available. */
  #changed(): void {
    if (this.#canSend) {
      this.#listener.readyForPacket();
    }
    this.#wake();
  }

  /** Begins the next transaction, if there is one. */
  #wake(): void {
    if (this.#transaction === undefined) {
      this.#transaction = this.#nextTransaction();
      if (this.#transaction) {
        this.#transactionAlarm.schedule(UsbTransfers.nanos(this.#transaction.bytes));
      }
    }
  }

  #completeTransaction(): void {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    transaction?.complete();
    this.#changed();
  }

  #nextTransaction(): UsbTransaction | undefined {
    if (!this.#isPulledUp || this.#isResetting) {
      return undefined;
    }
    const control = this.#control.next();
    if (control) {
      return control;
    }
    const port = this.#isConfigured ? this.#port : undefined;
    if (port === undefined) {
      return undefined;
    }
    const transactions = [() => this.#nextIn(port.inEndpoint), () => this.#nextOut(port.outEndpoint)] as const;
    const [first, second] = this.#isInNext ? transactions : ([transactions[1], transactions[0]] as const);
    this.#isInNext = !this.#isInNext;
    return first() ?? second();
  }

  #nextIn(endpoint: number): UsbTransaction | undefined {
    if (!this.#transfers.isReady(endpoint, 'in') || this.#isHostFull) {
      return undefined;
    }
    return { bytes: this.#transfers.packetBytes(endpoint, 'in'), complete: () => this.#receive(endpoint) };
  }

  #nextOut(endpoint: number): UsbTransaction | undefined {
    const packet = this.#toProgram;
    // What a program is told of the port comes before the bytes that are sent later.
    if (packet === undefined || !this.#control.isIdle || !this.#transfers.isReady(endpoint, 'out')) {
      return undefined;
    }
    return {
      bytes: packet.length,
      complete: () => {
        // The program may have taken its buffer back.
        if (this.#transfers.isReady(endpoint, 'out')) {
          this.#toProgram = undefined;
          this.#transfers.putOut(endpoint, packet);
          this.#listener.packetTaken();
        }
      },
    };
  }

  #receive(endpoint: number): void {
    if (!this.#transfers.isReady(endpoint, 'in')) {
      return;
    }
    const packet = this.#transfers.peekIn(endpoint);
    if (packet.length === 0 || this.#listener.packetSent(packet)) {
      this.#transfers.takeIn(endpoint);
    } else {
      this.#isHostFull = true;
    }
  }

  /** The program connects to the bus by a pull-up resistor. rp2040js has no event for it. */
  #watchPullUp(chip: RP2040): void {
    const registers = chip.peripherals[USBCTRL]!;
    chip.peripherals[USBCTRL] = {
      readUint32: (offset) => registers.readUint32(offset),
      writeUint32: (offset, value) => registers.writeUint32(offset, value),
      writeUint32Atomic: (offset, value, kind) => {
        registers.writeUint32Atomic(offset, value, kind);
        const isPulledUp = (registers.readUint32(SIE_CTRL) & PULLUP_EN) !== 0;
        if (offset === SIE_CTRL && isPulledUp !== this.#isPulledUp) {
          this.#isPulledUp = isPulledUp;
          this.#disconnected();
          if (isPulledUp) {
            this.#isResetting = true;
            chip.usbCtrl.resetDevice();
          }
        }
      },
    };
  }

  #disconnected(): void {
    this.#isConfigured = false;
    this.#port = undefined;
    this.#isResetting = false;
    this.#transaction = undefined;
    this.#transactionAlarm.cancel();
    this.#recoveryAlarm.cancel();
    this.#timeoutAlarm.cancel();
    this.#control.clear();
    this.#transfers.reset();
  }

  #resetReceived(): void {
    if (this.#isResetting) {
      this.#recoveryAlarm.schedule(RESET_RECOVERY_NANOS);
    }
  }

  #enumerate(): void {
    this.#isResetting = false;
    this.#request({ setup: [STANDARD_OUT, SET_ADDRESS, 1, 0] });
    this.#request({ setup: [STANDARD_IN, GET_DESCRIPTOR, DEVICE, 0], wanted: DEVICE_BYTES });
    this.#request({
      setup: [STANDARD_IN, GET_DESCRIPTOR, CONFIGURATION, 0],
      wanted: CONFIGURATION_BYTES,
      done: (header) => {
        if (header?.length === CONFIGURATION_BYTES) {
          this.#configure(header);
        }
      },
    });
  }

  #configure(header: Uint8Array): void {
    this.#request({
      setup: [STANDARD_IN, GET_DESCRIPTOR, CONFIGURATION, 0],
      wanted: Buffer.from(header).readUInt16LE(2),
      done: (configuration = new Uint8Array()) => {
        this.#port = findCdcPort(configuration);
      },
    });
    this.#request({
      setup: [STANDARD_OUT, SET_CONFIGURATION, header[CONFIGURATION_VALUE_AT] ?? 1, 0],
      done: (answer) => {
        this.#isConfigured = answer !== undefined && this.#port !== undefined;
        this.#sendLineCoding();
        this.#sendLineState();
        this.#changed();
      },
    });
  }

  #sendLineCoding(): void {
    const { baudRate, dataBits, stopBits, parity } = this.#lineCoding;
    const data = Buffer.alloc(7);
    data.writeUInt32LE(baudRate);
    data[4] = STOP_BITS.indexOf(stopBits);
    data[5] = PARITIES.indexOf(parity);
    data[6] = dataBits;
    this.#classRequest(SET_LINE_CODING, 0, data);
  }

  #sendLineState(): void {
    this.#classRequest(SET_CONTROL_LINE_STATE, this.#isDtrHigh ? DTR | RTS : 0);
  }

  #classRequest(request: number, value: number, data = new Uint8Array()): void {
    if (this.#isConfigured && this.#port) {
      this.#request({ setup: [CLASS_OUT, request, value, this.#port.controlInterface], data });
    }
  }

  #request(request: ControlRequest): void {
    this.#control.add({
      ...request,
      done: (answer) => {
        request.done?.(answer);
        if (this.#control.isIdle) {
          this.#timeoutAlarm.cancel();
        } else {
          this.#timeoutAlarm.schedule(CONTROL_TIMEOUT_NANOS);
        }
      },
    });
    this.#timeoutAlarm.schedule(CONTROL_TIMEOUT_NANOS);
    this.#wake();
  }

  #controlFailed(): void {
    this.#control.fail();
    this.#wake();
  }
}
