/** npm `cobs` has no types of its own. */
declare module 'cobs' {
  const cobs: {
    /** Encodes a packet. Appends a redundant `01` after a final block of 254 bytes. */
    encode(packet: Uint8Array): Buffer;
    /** Decodes a frame. If it ends in the middle of a block, fills up with zeros. */
    decode(frame: Uint8Array): Buffer;
  };
  export default cobs;
}
