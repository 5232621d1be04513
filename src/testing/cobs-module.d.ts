/** npm `cobs` brings no types. */
declare module 'cobs' {
  const cobs: {
    /** Encodes; writes a redundant `01` after a last block of 254 bytes. */
    encode(packet: Uint8Array): Buffer;
    /** Decodes; fills up with zeros where the frame ends inside a block. */
    decode(frame: Uint8Array): Buffer;
  };
  export default cobs;
}
