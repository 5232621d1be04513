import type { OptionRule } from '../options.js';

/** The first level or levels of every topic, unless another one is given. */
export const DEFAULT_BASE = 'serial';

/** A level with one of these would be another topic, a filter, or no valid text. */
const FORBIDDEN = /[/+#\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/** Long enough for any name, and short enough that three of them fit into a topic. */
const MAX_LEVEL_LENGTH = 255;

/** One level of a topic: the name of a bridge or of a connection. */
export const aTopicLevel: OptionRule = {
  expected: `1 to ${MAX_LEVEL_LENGTH} characters without "/", "+", "#" and control characters`,
  accepts: isTopicLevel,
};

/** The level or levels before the name of a bridge. */
export const aBase: OptionRule = {
  expected: 'one or more levels joined with "/", each without "+", "#" and control characters, not beginning with "$"',
  accepts: (value) =>
    typeof value === 'string' &&
    value.length <= MAX_LEVEL_LENGTH &&
    !value.startsWith('$') &&
    value.split('/').every(isTopicLevel),
};

/** The topics of a bridge. */
export interface BridgeTopics {
  /** Whether the bridge is online: retained. */
  readonly state: string;
  /** Asks whether another bridge of that name is online. */
  readonly claim: string;
}

/** The topics of one connection of a bridge. */
export interface ConnectionTopics {
  /** Whether the device is connected: retained. */
  readonly state: string;
  /** Packets from the device. */
  readonly rx: string;
  /** Packets to the device. */
  readonly tx: string;
  /** What became of the packets to the device. */
  readonly result: string;
}

export function bridgeTopics(base: string, bridge: string): BridgeTopics {
  return { state: `${base}/${bridge}/state`, claim: `${base}/${bridge}/claim` };
}

export function connectionTopics(base: string, bridge: string, connection: string): ConnectionTopics {
  const prefix = `${base}/${bridge}/${connection}`;
  return { state: `${prefix}/state`, rx: `${prefix}/rx`, tx: `${prefix}/tx`, result: `${prefix}/result` };
}

function isTopicLevel(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LEVEL_LENGTH && !FORBIDDEN.test(value);
}
