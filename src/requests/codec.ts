/**
 * Turns messages into packets, and packets into messages. Both functions are synchronous.
 *
 * @typeParam Out - the messages that are sent
 * @typeParam In - the messages that are received
 */
export interface Codec<Out, In = Out> {
  /** Returns the packet for a message. Throws if the message cannot be sent: the call then rejects, and nothing is sent. */
  encode(value: Out): Uint8Array;
  /** Returns the message in a packet. Throws if the packet contains none. Must not change the packet. */
  decode(packet: Uint8Array): In;
}
