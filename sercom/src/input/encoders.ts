/** What a value can be encoded to. */
export type Encoding = 'cbor' | 'msgpack';

/** Encodes a value that JSON can hold. */
export type Encoder = (value: unknown) => Uint8Array;

/** Loads an encoder: only its own package. */
export async function loadEncoder(encoding: Encoding): Promise<Encoder> {
  if (encoding === 'cbor') {
    const { encode } = await import('cbor2');
    return (value) => encode(value);
  }
  const { encode } = await import('@msgpack/msgpack');
  return (value) => encode(value);
}
