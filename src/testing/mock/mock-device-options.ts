import type { Checksum, ChecksumName } from '../../framing/checksum.js';
import {
  aBoolean,
  aFunction,
  aName,
  anInteger,
  anObject,
  checkOptions,
  invalidOption,
  type OptionRules,
  oneOf,
  required,
} from '../../options.js';
import type { RequestIdOptions } from '../../requests/request-ids.js';
import { serialSettings } from '../../serial/serial-settings.js';
import { type DeviceIdentity, IDENTITY_RULES } from '../device.js';
import { type DeviceLinkOptions, MAX_PACKET_BYTES } from './device-link.js';
import type { MockDevice } from './mock-device.js';

/** The device's end of acknowledged delivery. */
export interface MockLinkOptions {
  /** How many packets may wait for the device to take them, and for the host to acknowledge them: 4 or 32. Default: 4. */
  window?: 4 | 32;
  /**
   * A number from 1 to 65,535 that no earlier start of a device had, for a line that may repeat old bytes. Each `reset` adds
   * 1. Default: none.
   */
  startCounter?: number;
}

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
  requestIds?: RequestIdOptions;
  /**
   * Send every packet back, after `onPacket`, its id included. With `onRequest`, requests are left to that. Default:
   * false.
   */
  echo?: boolean;
  /** Checksum appended to each packet, as in a connection. Default: `'none'`. Not with `delivery: 'acknowledged'`. */
  checksum?: ChecksumName | Checksum;
  /**
   * As in a connection: with `'acknowledged'`, the device speaks the protocol of `firmware/src/link.c`, which is compiled into
   * it. Default: `'plain'`.
   */
  delivery?: 'plain' | 'acknowledged';
  /** Options of `delivery: 'acknowledged'`. */
  link?: MockLinkOptions;
  /**
   * Maximum size of a received packet in bytes, without its id. Longer ones are counted in `tooLongFrames`. Default:
   * 65,536.
   *
   * With `delivery: 'acknowledged'`, that of a packet in either direction, which the device reports to the host, at most 65,535.
   * Default: the most, but the device sends no longer packets than the host accepts.
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
  requestIds: serialSettings.requestIds,
  echo: aBoolean,
  checksum: serialSettings.checksum,
  delivery: oneOf('plain', 'acknowledged'),
  link: anObject,
  maxPacketBytes: anInteger(0),
  maxReadSize: anInteger(1),
  historyLength: anInteger(1),
  ...IDENTITY_RULES,
};

const MOCK_LINK_RULES: OptionRules<MockLinkOptions> = {
  window: oneOf(4, 32),
  startCounter: anInteger(1, 65_535),
};

/**
 * The options of the link, of a device with `delivery: 'acknowledged'`.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if they are invalid, or do not go with others
 */
export function linkOptionsOf(options: MockDeviceOptions): DeviceLinkOptions {
  const { link = {}, requestIds, checksum, maxPacketBytes } = options;
  const { window = 4, startCounter } = checkOptions('MockDevice: link', link, MOCK_LINK_RULES);
  if (checksum !== undefined) {
    throw invalidOption("MockDevice: omit checksum; delivery: 'acknowledged' has its own");
  }
  const idBytes = requestIds?.bytes ?? 0;
  const sizes = anInteger(1, MAX_PACKET_BYTES - idBytes);
  if (maxPacketBytes !== undefined && !sizes.accepts(maxPacketBytes)) {
    throw invalidOption(
      `MockDevice: maxPacketBytes is ${maxPacketBytes}; expected ${sizes.expected} with delivery: 'acknowledged'`,
    );
  }
  let nextStart = startCounter;
  return {
    window,
    maxPacketBytes: maxPacketBytes && maxPacketBytes + idBytes,
    startCounter: nextStart === undefined ? undefined : () => nextStart!++,
  };
}
