import { DeviceLink } from '../../src/testing/mock/device-link.js';
import type { NewDevice } from './device-end.js';
import { LinkEnd } from './link-end.js';
import type { Scenario } from './scenario.js';

/** A device whose end is `link.c`, compiled to WebAssembly. Both windows must be 4 or 32. */
export const newWasmDevice: NewDevice = (settings, application) =>
  new LinkEnd(settings, application, ({ receiveWindow, maxPacketBytes, startCounter }, events) => {
    const window = receiveWindow === 4 ? 4 : 32;
    return new DeviceLink(
      { window, maxPacketBytes, startCounter: startCounter === 0 ? undefined : () => startCounter },
      events,
    );
  });

/** The same scenario with a window that the device of WebAssembly has. */
export function withWasmWindows(scenario: Scenario): Scenario {
  const window = scenario.deviceReceiveWindow <= 4 ? 4 : 32;
  return { ...scenario, deviceReceiveWindow: window, deviceSendWindow: window };
}
