/** The events of every communicator. Each has one object as its payload. */
export interface CommunicatorEvents {
  /**
   * A handler threw or rejected with `error` when it was given `packet`, or the reply to a request of the device could not
   * be sent. Receiving continues. Without a listener or a diagnostics subscriber, the first such error of each connection
   * becomes a warning of the process (`HANDLER_FAILED`).
   */
  handlerError: { name: string; error: unknown; packet: Uint8Array };
  /**
   * A reply arrived that no request waits for: too late, or a second time. `id` is the id of the request, `packet` the reply
   * without its id.
   */
  lateReply: { name: string; id: number; packet: Uint8Array };
  /** The codec of a channel could not decode `packet`: it, or the schema, failed with `error`. Receiving continues. */
  undecodedPacket: { name: string; packet: Uint8Array; error: unknown };
}
