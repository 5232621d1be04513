/** The published parameters of a CRC (see the catalogue of parametrised CRC algorithms), of at most 32 bits. */
interface CrcModel {
  width: number;
  polynomial: number;
  initial: number;
  isReflected: boolean;
  finalXor: number;
  /** The CRC of the ASCII digits 123456789. */
  check: number;
}

export const CRC16_CCITT_FALSE: CrcModel = {
  width: 16,
  polynomial: 0x1021,
  initial: 0xffff,
  isReflected: false,
  finalXor: 0,
  check: 0x29b1,
};

export const CRC16_XMODEM: CrcModel = {
  width: 16,
  polynomial: 0x1021,
  initial: 0,
  isReflected: false,
  finalXor: 0,
  check: 0x31c3,
};

export const CRC32_ISO_HDLC: CrcModel = {
  width: 32,
  polynomial: 0x04c11db7,
  initial: 0xffffffff,
  isReflected: true,
  finalXor: 0xffffffff,
  check: 0xcbf43926,
};

/** Computes a CRC bit by bit, straight from its parameters. */
export function bitwiseCrc(model: CrcModel, data: Uint8Array): number {
  const topBit = 2 ** (model.width - 1);
  let register = model.initial;
  for (const byte of data) {
    for (let index = 0; index < 8; index++) {
      const input = (byte >>> (model.isReflected ? index : 7 - index)) & 1;
      const output = register >= topBit ? 1 : 0;
      register = (register % topBit) * 2;
      if (input !== output) {
        register = (register ^ model.polynomial) >>> 0;
      }
    }
  }
  const result = model.isReflected ? reverseBits(register, model.width) : register;
  return (result ^ model.finalXor) >>> 0;
}

function reverseBits(value: number, width: number): number {
  return Number.parseInt([...value.toString(2).padStart(width, '0')].reverse().join(''), 2);
}
