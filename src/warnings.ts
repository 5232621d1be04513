/** Every warning code. docs/errors.md describes them. */
export const WARNING_CODES = ['HANDLER_FAILED', 'HANDLER_REPLACED', 'PORT_SHARED'] as const;

/** The `code` of a warning. It stays the same when the wording of the message changes. */
export type WarningCode = (typeof WARNING_CODES)[number];

/**
 * Reports a probable mistake that nothing else would show. Node prints it to stderr, unless the program listens to the
 * `warning` event of `process`.
 *
 * @param detail - shown below the message
 */
export function warn(code: WarningCode, message: string, detail?: string): void {
  process.emitWarning(message, { type: 'SerialCommunicatorWarning', code, ...(detail !== undefined && { detail }) });
}

/** Warns of the first error of a receive handler that is not reported otherwise. */
export function warnHandlerFailed(name: string, error: unknown): void {
  warn(
    'HANDLER_FAILED',
    `connection "${name}": the receive handler failed: ${String(error)}; listen to "handlerError" to see all errors`,
    error instanceof Error ? error.stack : undefined,
  );
}
