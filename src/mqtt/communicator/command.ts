import type { Publication } from '../broker-connection.js';

/** Who learns what becomes of a packet: a request, or the promise of a send. */
export interface CommandSender {
  /** It is about to be published. */
  begun?(): void;
  /** The bridge has sent it. `reply`: of a request that travels as one. */
  succeeded(reply: Uint8Array): void;
  failed(error: unknown): void;
}

/** One packet on its way to a device, from `send` to its result. */
export interface Command {
  readonly call: 'send' | 'request';
  readonly packet: Uint8Array;
  /** Of a request that travels as one: how long the bridge waits for the reply. */
  readonly replyTimeoutMs: number | undefined;
  /** Whether it need not be acknowledged by the device. */
  readonly isDatagram: boolean;
  readonly sender: CommandSender;
  readonly costBytes: number;
  /** When its sender gives up. */
  readonly giveUpAtMs: number;
  /** When the bridge gives up: so early that it need not be punctual, and that its result still arrives. */
  readonly deadlineMs: number;
  readonly timer: NodeJS.Timeout;
  /** Its number among those of this client, from when it is published first. */
  number: number | undefined;
  /** Its message, once it is published. */
  publication: Publication | undefined;
  /** Whether it was published while the bridge has been online without interruption. */
  isPublished: boolean;
  /** Whether it was published more than once, perhaps to different bridges. */
  isRepublished: boolean;
  /** Stops watching the signal. */
  unwatch: (() => void) | undefined;
}
