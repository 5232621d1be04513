/** Encodes a JSON value. */
export type Encoder = (value: unknown) => Uint8Array;

/** Loads the encoder for each value of `--encode`; packages are loaded only for the encoder that needs them. */
export const ENCODERS = {
  cbor: async (): Promise<Encoder> => {
    const { encode } = await import('cbor2');
    return (value) => encode(value);
  },
  msgpack: async (): Promise<Encoder> => {
    const { encode } = await import('@msgpack/msgpack');
    return (value) => encode(value);
  },
};

export type Encoding = keyof typeof ENCODERS;
export const ENCODINGS = Object.keys(ENCODERS) as Encoding[];
