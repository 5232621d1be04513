import { DeviceLink } from '../../src/testing/mock/device-link.js';
import type { NewDevice } from './device-end.js';
import { LinkEnd } from './link-end.js';
import type { Scenario } from './scenario.js';

/** A device whose end is `link.c`, compiled to WebAssembly. Both windows must be 4 or 32. */
export const newWasmDevice: NewDevice = (settings, application) =>
  new LinkEnd(settings, application, ({ receiveWindow, maxPacketBytes, startCounter }, events) => {
    const window = receiveWindow === 4 ? 4 : 32;
    const link = new DeviceLink(
      { window, maxPacketBytes, startCounter: startCounter === 0 ? undefined : () => startCounter },
      events,
    );
    return Object.assign(link, { takeFrame: () => takeFrame(link) });
  });

const frame = new Uint8Array(1_000);

/** As a serial port takes it that has room for one byte at a time. */
function takeFrame(link: DeviceLink): Uint8Array {
  let end = 0;
  for (let bytes = link.take(1); bytes.length > 0; bytes = link.take(1)) {
    frame[end++] = bytes[0]!;
    if (bytes[0] === 0 && end > 1) {
      break;
    }
  }
  return frame.subarray(0, end);
}

/** The same scenario with a window that the device of WebAssembly has. */
export function withWasmWindows(scenario: Scenario): Scenario {
  const window = scenario.deviceReceiveWindow <= 4 ? 4 : 32;
  return { ...scenario, deviceReceiveWindow: window, deviceSendWindow: window };
}
