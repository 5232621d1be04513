const INTERFACE = 4;
const ENDPOINT = 5;
const CDC = 2;
const CDC_ACM = 2;
const CDC_DATA = 10;
const BULK = 2;
const IN = 0x80;

/** Where the serial port of a USB device is. */
export interface CdcPort {
  /** The number of its control interface. */
  readonly controlInterface: number;
  /** Its endpoints for data. */
  readonly inEndpoint: number;
  readonly outEndpoint: number;
}

/** Finds the first serial port (CDC ACM) of a configuration. Returns undefined if there is none. */
export function findCdcPort(configuration: Uint8Array): CdcPort | undefined {
  let controlInterface: number | undefined;
  let isData = false;
  let inEndpoint: number | undefined;
  let outEndpoint: number | undefined;
  for (let offset = 0; offset + 2 <= configuration.length; ) {
    const descriptor = configuration.subarray(offset, offset + configuration[offset]!);
    const [length = 0, type, second = 0, third = 0, , interfaceClass, subclass] = descriptor;
    if (length < 2) {
      break;
    }
    if (type === INTERFACE) {
      isData = interfaceClass === CDC_DATA && controlInterface !== undefined;
      if (interfaceClass === CDC && subclass === CDC_ACM) {
        controlInterface ??= second;
      }
    } else if (type === ENDPOINT && isData && (third & 3) === BULK) {
      if (second & IN) {
        inEndpoint ??= second & 0xf;
      } else {
        outEndpoint ??= second & 0xf;
      }
    }
    offset += length;
  }
  if (controlInterface === undefined || inEndpoint === undefined || outEndpoint === undefined) {
    return undefined;
  }
  return { controlInterface, inEndpoint, outEndpoint };
}
