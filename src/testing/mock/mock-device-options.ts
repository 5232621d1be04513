import type { Checksum, ChecksumName } from '../../framing/checksum.js';
import { aBoolean, aFunction, aName, anInteger, type OptionRules, required } from '../../options.js';
import { serialSettings } from '../../serial/serial-settings.js';
import { type DeviceIdentity, IDENTITY_RULES } from '../device.js';
import type { MockDevice } from './mock-device.js';

/** Options of a {@link MockDevice}. */
export interface MockDeviceOptions extends DeviceIdentity {
  /** Path of the device's port, for example `/dev/ttyACM0`. It need not exist. */
  path: string;
  /**
   * Called with each received packet, in order; with `requestIds`, with those that are neither a request nor a reply. It
   * may send with `device.send`. If it throws or rejects, the error becomes an uncaught one, so that the test fails.
   */
  onPacket?: (packet: Uint8Array, device: MockDevice) => unknown;
  /**
   * Replies to requests: what it returns or resolves with is sent to the host; `undefined` sends nothing. It is called for
   * each request as it arrives, whether or not earlier replies are ready.
   *
   * With `requestIds`, it gets the packet without its id, and the reply repeats the id. If it throws or rejects, the host
   * gets an error reply with code 1, and the error is added to `requestErrors`. Without `requestIds`, it is called for each
   * packet, after `onPacket`, and an error becomes an uncaught one.
   *
   * Default: with `requestIds`, an error reply with code 2 (no handler), unless `echo` is on.
   */
  onRequest?: (packet: Uint8Array, device: MockDevice) => Uint8Array | undefined | PromiseLike<Uint8Array | undefined>;
  /**
   * Puts an id of 1 or 2 bytes before each packet, as in a connection. Default: none. Without it, `onPacket` and `send`
   * see the ids of the host, so that a test can send wrong, late and repeated replies.
   */
  requestIds?: { bytes: 1 | 2 };
  /**
   * Send every packet back, after `onPacket`, its id included. With `onRequest`, requests are left to that. Default:
   * false.
   */
  echo?: boolean;
  /** Checksum appended to each packet, as in a connection. Default: `'none'`. */
  checksum?: ChecksumName | Checksum;
  /**
   * Maximum size of a received packet in bytes, without its id. Longer ones are counted in `tooLongFrames`. Default:
   * 65,536.
   */
  maxPacketBytes?: number;
  /**
   * Maximum size in bytes of a chunk for the host, at most 4,096. A small number cuts frames into many chunks. Default:
   * 1,024.
   */
  maxReadSize?: number;
  /** Number of packets, writes, signals and errors kept in `received`, `writes` and so on. Default: 1,000. */
  historyLength?: number;
}

export const MOCK_DEVICE_RULES: OptionRules<MockDeviceOptions> = {
  path: required(aName),
  onPacket: aFunction,
  onRequest: aFunction,
  requestIds: {
    expected: 'an object with bytes (1 or 2)',
    accepts: (value) => {
      const bytes = (value as { bytes?: unknown } | null)?.bytes;
      return bytes === 1 || bytes === 2;
    },
  },
  echo: aBoolean,
  checksum: serialSettings.checksum,
  maxPacketBytes: anInteger(0),
  maxReadSize: anInteger(1),
  historyLength: anInteger(1),
  ...IDENTITY_RULES,
};
