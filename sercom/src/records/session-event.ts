import type { PacketRecord } from './record.js';

/** What happened on a connection with acknowledged delivery between its packets, such as a new session. */
export interface SessionEvent {
  /** In microseconds since 1970 (UTC). */
  timeUs: number;
  /** The name of the connection. */
  name: string;
  /** The direction that it was heard in. Default: it concerns both. */
  dir?: PacketRecord['dir'];
  /** What kind of event it is, for programs. */
  event: string;
  /** What it is, for people. */
  text: string;
  /** What else programs get. */
  details?: Readonly<Record<string, unknown>>;
}
