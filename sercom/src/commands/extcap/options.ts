import type { LineOptions } from '../../ports/open-ports.js';

/** What packets may hold, for which Wireshark has a dissector. */
export const DISSECTED = ['text', 'json', 'cbor', 'msgpack', 'protobuf'] as const;

/** How Wireshark calls `sercom extcap`. */
export interface ExtcapOptions extends LineOptions {
  extcapInterfaces?: boolean;
  extcapVersion?: string | true;
  extcapInterface?: string;
  extcapDlts?: boolean;
  extcapConfig?: boolean;
  extcapCaptureFilter?: string;
  capture?: boolean;
  fifo?: string;
  decode: 'bytes' | (typeof DISSECTED)[number];
  skipFirst: boolean;
}
