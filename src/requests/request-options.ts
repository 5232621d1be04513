import { aBoolean, aFunction, checkOptions, invalidOption, millisecondsFrom1, type OptionRules } from '../options.js';

/** Options of one {@link Communicator.request}. */
export interface RequestOptions {
  /**
   * Whether a packet is the reply. Called with each packet that arrives while the request waits for its reply, without
   * its id. Required unless the connection has `requestIds`, which say which reply belongs to which request. With both, a
   * reply has to have the id and to match.
   */
  matches?: ((reply: Uint8Array) => boolean) | undefined;
  /**
   * How long to wait for the reply in milliseconds, counted from when the request has been written; with acknowledged
   * delivery, from when the device has taken it. Default: 1,000. Time in which the program blocks the event loop does not
   * count.
   */
  timeoutMs?: number | undefined;
  /** Cancels the request: the promise rejects with `signal.reason` at once. What is not being written yet is not sent. */
  signal?: AbortSignal | undefined;
  /**
   * Whether not to wait for other requests of the connection. Requests with `false` go one at a time, in the order of
   * the calls: the next is sent when the one before has settled. Default: true with `requestIds`, otherwise false.
   */
  concurrent?: boolean | undefined;
}

const DEFAULT_TIMEOUT_MS = 1_000;

const RULES: OptionRules<RequestOptions> = {
  matches: aFunction,
  timeoutMs: millisecondsFrom1,
  signal: { expected: 'an AbortSignal', accepts: (value) => value instanceof AbortSignal },
  concurrent: aBoolean,
};

/** Options of a request with the defaults filled in. */
export interface CompleteRequestOptions extends RequestOptions {
  readonly timeoutMs: number;
  readonly concurrent: boolean;
}

/** @throws InvalidArgumentError (`INVALID_OPTION`) that names the option and what it accepts */
export function completeRequestOptions(
  name: string,
  options: RequestOptions | undefined,
  hasIds: boolean,
): CompleteRequestOptions {
  if (options === undefined && hasIds) {
    return DEFAULTS_WITH_IDS;
  }
  const where = `request to "${name}"`;
  const given = checkOptions(where, options ?? {}, RULES);
  if (given.matches === undefined && !hasIds) {
    throw invalidOption(
      `${where}: matches is missing; give a function that recognizes the reply, or set requestIds of the connection`,
    );
  }
  return { timeoutMs: DEFAULT_TIMEOUT_MS, concurrent: hasIds, ...given };
}

const DEFAULTS_WITH_IDS: CompleteRequestOptions = { timeoutMs: DEFAULT_TIMEOUT_MS, concurrent: true };
