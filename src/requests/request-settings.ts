import type { RequestIdOptions } from './request-ids.js';

/** The settings of a connection that its requests depend on. */
export interface RequestSettings {
  /**
   * Puts an id before each packet, so that replies find their requests. The device must do the same. `maxPacketBytes` does
   * not include the id. Default: no ids.
   */
  requestIds?: RequestIdOptions | undefined;
  /**
   * Whether requests travel as one, with their replies: they need no `matches`, and packets have no ids. The implementation
   * reports each reply to its {@link Transmission}. Default: false.
   */
  requestsElsewhere?: boolean | undefined;
  /**
   * Maximum number of bytes of other packets that are kept for a busy handler while a request waits for its reply. Beyond
   * it, the request rejects with `REQUEST_BLOCKED`. Default: 65,536.
   */
  requestBacklogBytes?: number | undefined;
  /** Whether packets are acknowledged. Default: `'plain'`, they are not. */
  delivery?: 'plain' | 'acknowledged' | undefined;
}

export const DEFAULT_BACKLOG_BYTES = 65_536;
