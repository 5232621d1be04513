import {
  COM_PORT,
  type ComPortMessage,
  decodeComPort,
  encodeComPort,
  type Signals,
  TelnetDecoder,
  type TelnetVerb,
  telnetEscape,
  telnetNegotiation,
} from 'serial-communicator';
import { version } from '../../version.js';
import type { Client, Encoding } from './client.js';
import type { ComPort } from './com-port.js';
import { answerOf, changesOf, type LineSettings } from './line-settings.js';

const { binary, suppressGoAhead, comPort: comPortOption } = COM_PORT.options;

/** The options that each end may use. */
const OURS: readonly number[] = [binary, suppressGoAhead];
const THEIRS: readonly number[] = [binary, suppressGoAhead, comPortOption];

/** What a client sends: data for the line, or a command. */
type Input = Uint8Array | ComPortMessage;

/** The server's end of RFC 2217, for one client: telnet between the socket and the line, and commands to the port. */
export class Rfc2217Server implements Encoding {
  readonly #client: Client;
  readonly #comPort: ComPort;
  readonly #decoder: TelnetDecoder;
  /** Options that were asked for or agreed on, so that the peer's answer needs none. */
  readonly #ours = new Set(OURS);
  readonly #theirs = new Set(THEIRS);
  /** What was decoded while an earlier command was carried out. */
  #waiting: Input[] = [];
  #isWorking = false;
  /** Which changes of the lines the client wants to know. */
  #modemStateMask = 255;
  #signals: Signals | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(client: Client, comPort: ComPort) {
    this.#client = client;
    this.#comPort = comPort;
    this.#decoder = new TelnetDecoder({
      data: (bytes) => this.#take(bytes),
      negotiation: (verb, option) => this.#negotiate(verb, option),
      subnegotiation: (option, value) => {
        const message = option === comPortOption ? decodeComPort(value) : undefined;
        if (message !== undefined) {
          this.#take(message);
        }
      },
    });
    client.encodeWith(this);
    client.answer(
      Buffer.concat([
        ...OURS.map((option) => telnetNegotiation('will', option)),
        ...THEIRS.map((option) => telnetNegotiation('do', option)),
      ]),
    );
  }

  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
  }

  encode(bytes: Uint8Array): Uint8Array {
    return telnetEscape(bytes);
  }

  left(): void {
    this.#stopWatching?.();
    this.#comPort.left(this.#client);
  }

  /** Agrees to the options that are needed, and refuses all others. */
  #negotiate(verb: TelnetVerb, option: number): void {
    const isTheirs = verb === 'will' || verb === 'wont';
    const [options, agreed] = isTheirs ? [THEIRS, this.#theirs] : [OURS, this.#ours];
    const [yes, no] = isTheirs ? (['do', 'dont'] as const) : (['will', 'wont'] as const);
    const isOn = verb === 'will' || verb === 'do';
    if (isOn && options.includes(option)) {
      if (!agreed.has(option)) {
        agreed.add(option);
        this.#client.answer(telnetNegotiation(yes, option));
      }
      if (option === comPortOption) {
        this.#watchSignals();
      }
    } else if (isOn || agreed.delete(option)) {
      this.#client.answer(telnetNegotiation(no, option));
    }
  }

  #take(input: Input): void {
    if (!this.#isWorking && input instanceof Uint8Array) {
      this.#client.submit(input);
      return;
    }
    this.#waiting.push(input);
    if (!this.#isWorking) {
      this.#isWorking = true;
      // The rest of the chunk comes before that.
      queueMicrotask(() => this.#client.waitFor(this.#work()));
    }
  }

  /** Carries out commands, and passes data on, in the order in which they came. */
  async #work(): Promise<void> {
    try {
      for (let input = this.#waiting.shift(); input !== undefined; input = this.#waiting.shift()) {
        if (input instanceof Uint8Array) {
          this.#client.submit(input);
        } else if (this.#changesOf(input) === undefined) {
          await this.#carryOut(input);
        } else {
          await this.#changeSettings([input, ...this.#takeSettings()]);
        }
      }
    } finally {
      this.#isWorking = false;
    }
  }

  #changesOf({ command, value }: ComPortMessage): Partial<LineSettings> | undefined {
    return changesOf(command, value, this.#comPort.settings);
  }

  /** Takes the commands that come next if they change settings, too: each change may have to open the port again. */
  #takeSettings(): ComPortMessage[] {
    const isSetting = (input: Input) => !(input instanceof Uint8Array) && this.#changesOf(input) !== undefined;
    const end = this.#waiting.findIndex((input) => !isSetting(input));
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end) as ComPortMessage[];
  }

  async #changeSettings(messages: readonly ComPortMessage[]): Promise<void> {
    const changes: Partial<LineSettings> = Object.assign({}, ...messages.map((message) => this.#changesOf(message)));
    await this.#comPort.change(this.#client, changes);
    const { settings } = this.#comPort;
    for (const { command, value } of messages) {
      this.#answer({ command, value: answerOf(command, value, settings) });
    }
  }

  /** Carries out a command that is not about settings of the line. */
  async #carryOut({ command, value, text }: ComPortMessage): Promise<void> {
    switch (command) {
      case 'signature':
        if (text === '') {
          this.#answer({ command, value: `sercom ${version()}` });
        }
        break;
      case 'control':
        await this.#control(value);
        break;
      case 'suspend':
      case 'resume':
        this.#client.suspend(command === 'suspend');
        break;
      case 'lineStateMask':
        // No driver reports errors of the line.
        this.#answer({ command, value });
        break;
      case 'modemStateMask':
        this.#modemStateMask = value;
        this.#answer({ command, value });
        break;
      case 'purge':
        this.#client.purge({
          received: value !== COM_PORT.purge.unsent,
          unsent: value !== COM_PORT.purge.received,
        });
        this.#answer({ command, value });
        break;
    }
  }

  /** Sets DTR, RTS or break, or answers how they are. */
  async #control(value: number): Promise<void> {
    const { control } = COM_PORT;
    const lines = (
      [
        ['brk', control.askBreak, control.breakOn, control.breakOff],
        ['dtr', control.askDtr, control.dtrOn, control.dtrOff],
        ['rts', control.askRts, control.rtsOn, control.rtsOff],
      ] as const
    ).find(([, ...values]) => (values as readonly number[]).includes(value));
    if (lines === undefined) {
      return;
    }
    const [line, ask, on, off] = lines;
    if (value !== ask) {
      await this.#comPort.setLines(this.#client, { [line]: value === on });
    }
    this.#answer({ command: 'control', value: this.#comPort.lines[line] ? on : off });
  }

  #answer({ command, value }: Pick<ComPortMessage, 'command'> & { value: number | string }): void {
    this.#client.answer(encodeComPort(command, value, { isFromServer: true }));
  }

  #watchSignals(): void {
    this.#stopWatching ??= this.#comPort.watchSignals((signals) => {
      const { cts, dsr, dcd } = COM_PORT.modemState;
      const before = this.#signals;
      this.#signals = signals;
      const bits = (names: Signals) => (names.cts ? cts : 0) | (names.dsr ? dsr : 0) | (names.dcd ? dcd : 0);
      // A changed line has a bit of its own, four places lower.
      const state = bits(signals) | (before === undefined ? 0 : (bits(signals) ^ bits(before)) >> 4);
      if (before === undefined || (state & this.#modemStateMask & 0xf) !== 0) {
        this.#answer({ command: 'modemState', value: state & this.#modemStateMask });
      }
    });
  }
}
