import type { IgnoredSetting, Port, PortListener, PortOpenOptions } from '../../port.js';
import { PortState } from '../../port-state.js';
import { Answers } from './answers.js';
import { COM_PORT, type ComPortMessage, decodeComPort, encodeComPort } from './com-port-option.js';
import { HeldData } from './held-data.js';
import {
  decodeSetting,
  encodeSetting,
  type LineSetting,
  type LineValue,
  type WantedSetting,
  wantedSettings,
} from './line-settings.js';
import { Negotiation, type OptionState } from './negotiation.js';
import { TelnetDecoder } from './telnet.js';
import { TelnetWriter } from './telnet-writer.js';

/** What a server answers: settings, and the rest. */
type Answer = LineSetting | 'comPort' | 'modemState' | 'purge' | 'mark';

/** How much is kept of what a server writes before it lets this end in. */
const MAX_GREETING_BYTES = 200;

/** A server that makes this end answer more than this before it reads the answers never ends. */
const MAX_WAITING_COMMANDS = 1_000;

/** A larger share of the requested baud rate is too much for a receiver to follow. */
const MAX_BAUD_RATE_ERROR = 0.03;

/** A port of another machine, whose server sets the line: RFC 2217, the client's side, over a port that leads there. */
export class Rfc2217Port implements Port {
  readonly #port: Port;
  readonly #answerLimitMs: number;
  readonly #state = new PortState();
  readonly #writer: TelnetWriter;
  readonly #answers = new Answers<Answer>();
  readonly #negotiation = new Negotiation(() => this.#marked());
  readonly #decoder = new TelnetDecoder({
    data: (bytes) => this.#slices.push(bytes),
    negotiation: (verb, option) => {
      const answer = this.#negotiation.received(verb, option);
      if (answer !== undefined) {
        this.#writer.queue(answer);
      }
      if (this.#negotiation.comPort !== 'asked') {
        this.#answers.answered('comPort');
      }
    },
    subnegotiation: (option, value) => {
      const message = option === COM_PORT.options.comPort ? decodeComPort(value) : undefined;
      if (message?.isFromServer) {
        this.#answered(message);
      }
    },
  });
  /** The data in the chunk that is being decoded. */
  readonly #slices: Uint8Array[] = [];
  /** Data for which the listener was not ready. */
  readonly #held = new HeldData();
  /** Whether the port may pass on chunks. */
  #isReading = false;
  /** What a server writes while the port is being opened, when nothing of the device is wanted. */
  #greeting: Buffer | undefined = Buffer.alloc(0);
  #listener: PortListener | undefined;
  /** What there was to report before there was a listener. */
  readonly #reports: IgnoredSetting[] = [];
  readonly #wanted = new Map<LineSetting, LineValue>([['brk', false]]);
  readonly #actual = new Map<LineSetting, LineValue>();
  #modemState: number | undefined;
  #answersMarks = false;

  /**
   * @param port - leads to the server, and its options say what the line is to be. From now on, only this object uses it
   * @param answerLimitMs - how long the server may take to answer
   */
  constructor(port: Port, answerLimitMs: number) {
    this.#port = port;
    this.#answerLimitMs = answerLimitMs;
    this.#writer = new TelnetWriter(port, this.#state);
  }

  get openOptions(): Required<PortOpenOptions> {
    return this.#port.openOptions;
  }

  get isOpen(): boolean {
    return this.#state.isOpen;
  }

  /** Why the port hung up, if it did. */
  get failure(): Error | undefined {
    return this.#state.failure;
  }

  /** What the server has written so far that is no command. Of a port that is being opened. */
  get greeting(): Uint8Array {
    return this.#greeting ?? new Uint8Array();
  }

  /** Asks the server whether it speaks RFC 2217. Returns `asked` if it has not answered in time. */
  async negotiate(limitMs: number): Promise<OptionState> {
    this.#port.start({
      received: (chunk) => this.#received(chunk),
      writeProgressed: () => undefined,
      hungUp: (error) => this.#hungUp(error),
    });
    const questions = this.#negotiation.open();
    await this.#ask(questions, ['comPort'], limitMs);
    return this.#negotiation.comPort;
  }

  /** Sets the line as the options say. What the device sent before that is discarded, as a port of this machine does it. */
  async setLine(): Promise<void> {
    this.#writer.queue(encodeComPort('modemStateMask', 0xff));
    this.#writer.queue(this.#negotiation.mark());
    await this.#set(wantedSettings(this.openOptions));
    this.#greeting = undefined;
    if (this.openOptions.rtscts && this.openOptions.xon) {
      // RFC 2217 has one value for both.
      this.#report({ setting: 'xon', requested: true, actual: false });
    }
    if (!this.#negotiation.isBinary) {
      this.#report({ setting: 'binary', requested: true, actual: false });
    }
  }

  start(listener: PortListener): void {
    this.#listener = listener;
    this.#state.start(listener);
    queueMicrotask(() => {
      for (const ignored of this.#reports.splice(0)) {
        listener.settingIgnored?.(ignored);
      }
    });
  }

  resume(): void {
    this.#state.resume();
    if (!this.#held.isEmpty) {
      // Not within this call.
      queueMicrotask(() => this.#passOnWanted());
    } else {
      this.#read();
    }
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#writer.write(bytes);
  }

  async flush(): Promise<void> {
    this.#state.assertUsable();
    this.#passOn();
    // A command would wait for the pending write, which is what the caller wants to get rid of.
    if (!this.#state.isWriting) {
      await this.#ask(encodeComPort('purge', COM_PORT.purge.both), ['purge'], this.#answerLimitMs);
    }
  }

  /** Resolves when the server has read everything. Whether it has transmitted it, servers do not say. */
  async drain(): Promise<void> {
    await this.#state.drainWrite();
    if (this.#answersMarks) {
      await this.#ask(this.#negotiation.mark(), ['mark'], undefined);
    }
  }

  async update({ baudRate }: { baudRate: number }): Promise<void> {
    this.#state.assertUsable();
    await this.#set([['baudRate', baudRate]]);
    const actual = Number(this.#actual.get('baudRate') ?? baudRate);
    if (Math.abs(actual - baudRate) > baudRate * MAX_BAUD_RATE_ERROR) {
      throw new Error(`the server cannot do ${baudRate} bit/s, and has set ${actual} bit/s`);
    }
  }

  /** Sends all commands in one write: circuits that reset a board react to a state in between. */
  async set({ brk = false, dtr = true, rts = true }: Parameters<Port['set']>[0]): Promise<void> {
    this.#state.assertUsable();
    // ser2net confirms the end of a break with the wrong value, so it is not told about one that never began.
    const changed: WantedSetting[] = brk === this.#wanted.get('brk') ? [] : [['brk', brk]];
    await this.#set([...changed, ['dtr', dtr], ['rts', rts]]);
  }

  async get(): ReturnType<Port['get']> {
    this.#state.assertUsable();
    // ser2net answers the first with the current state, pyserial's server the second.
    const questions = [encodeComPort('modemStateMask', 0xff), encodeComPort('modemState')];
    await this.#ask(Buffer.concat(questions), ['modemState'], this.#answerLimitMs);
    if (this.#modemState === undefined) {
      throw new Error('the server does not report them');
    }
    const { cts, dsr, dcd } = COM_PORT.modemState;
    const isOn = (bit: number) => (this.#modemState! & bit) !== 0;
    return { cts: isOn(cts), dsr: isOn(dsr), dcd: isOn(dcd) };
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#state.assertUsable();
    return { baudRate: Number(this.#actual.get('baudRate') ?? this.#wanted.get('baudRate')) };
  }

  async close(): Promise<void> {
    this.#passOn();
    this.#state.close();
    this.#answers.end();
    await this.#port.close();
  }

  /** Sets settings, all in one write. Resolves when the server has answered, or has taken too long. */
  async #set(wanted: readonly WantedSetting[]): Promise<void> {
    for (const [setting, value] of wanted) {
      this.#wanted.set(setting, value);
      this.#actual.delete(setting);
    }
    const settings = wanted.map(([setting]) => setting);
    const ignored = await this.#ask(Buffer.concat(wanted.map(encodeSetting)), settings, this.#answerLimitMs);
    for (const [setting, requested] of wanted.filter(([setting]) => ignored.includes(setting))) {
      this.#report({ setting, requested, actual: undefined });
    }
  }

  /**
   * Sends commands, all in one write, and waits for the answers. Returns those that are missing. Rejects if the commands
   * cannot be sent, or the port hangs up or is closed.
   */
  async #ask(command: Uint8Array, expected: readonly Answer[], limitMs: number | undefined): Promise<Answer[]> {
    const waiting = this.#answers.wait(expected, limitMs);
    this.#writer.queue(command);
    this.#writer.pump();
    this.#read();
    const missing = await waiting;
    this.#state.assertUsable();
    if (missing.length > 0 && this.#writer.cancel(command)) {
      // It must not leave later, when nobody expects it.
      throw new Error(`the server has accepted no bytes for ${limitMs} ms`);
    }
    this.#answers.giveUp(missing);
    return missing;
  }

  #answered(message: ComPortMessage): void {
    const { command, value } = message;
    switch (command) {
      case 'modemState':
        this.#modemState = value;
        this.#answers.answered(command);
        return;
      case 'purge':
        this.#answers.answered(command);
        return;
      case 'suspend':
      case 'resume':
        this.#writer.isSuspended = command === 'suspend';
        return;
    }
    const setting = decodeSetting(message);
    if (setting !== undefined) {
      this.#settingAnswered(...setting);
    }
  }

  #settingAnswered(setting: LineSetting, actual: LineValue): void {
    const before = this.#actual.get(setting);
    const requested = this.#wanted.get(setting);
    this.#actual.set(setting, actual);
    this.#answers.answered(setting);
    // Another baud rate than that requested is the result of opening or `update`, unless it changes later.
    const isChange = actual !== before && (setting !== 'baudRate' || before !== undefined);
    if (isChange && requested !== undefined && requested !== actual) {
      this.#report({ setting, requested, actual });
    }
  }

  #marked(): void {
    this.#answersMarks = true;
    this.#answers.answered('mark');
  }

  #report(ignored: IgnoredSetting): void {
    if (this.#listener === undefined) {
      this.#reports.push(ignored);
    } else if (this.#state.isUsable) {
      this.#listener.settingIgnored?.(ignored);
    }
  }

  /** Lets the port read, if anything is wanted of it. */
  #read(): void {
    if (!this.#isReading && this.#wantsChunk) {
      this.#isReading = true;
      this.#port.resume();
    }
  }

  get #wantsChunk(): boolean {
    if (!this.#state.isUsable) {
      return false;
    }
    return (this.#state.isReady && this.#held.isEmpty) || (this.#answers.isWaiting && !this.#held.isFull);
  }

  #received(chunk: Uint8Array): boolean {
    this.#decoder.push(chunk);
    this.#writer.pump();
    const data = this.#takeData();
    if (data.length > 0) {
      if (this.#greeting !== undefined) {
        this.#greeting = Buffer.concat([this.#greeting, data]).subarray(0, MAX_GREETING_BYTES);
      } else if (this.#state.isReady && this.#held.isEmpty) {
        this.#state.receive(data);
      } else {
        this.#held.add(data);
      }
    }
    if (this.#writer.waitingCommands > MAX_WAITING_COMMANDS) {
      this.#hungUp(new Error('the server sends telnet commands without end, and does not read the answers'));
    }
    this.#isReading = this.#wantsChunk;
    return this.#isReading;
  }

  /** The data of the chunk in one piece: usually part of the chunk. */
  #takeData(): Uint8Array {
    const [first = new Uint8Array()] = this.#slices;
    const data = this.#slices.length > 1 ? Buffer.concat(this.#slices) : first;
    this.#slices.length = 0;
    return data;
  }

  /** Passes on what is held, if the listener is ready, and reads on. */
  #passOnWanted(): void {
    if (this.#state.isReady) {
      this.#passOn();
      this.#read();
    }
  }

  #passOn(): void {
    if (!this.#held.isEmpty) {
      this.#state.receive(this.#held.take());
    }
  }

  #hungUp(error: Error): void {
    this.#passOn();
    this.#state.fail(error);
    this.#answers.end();
  }
}
