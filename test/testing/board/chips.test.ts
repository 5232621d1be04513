import { describe, expect, it } from 'vitest';
import { SimulatedBoard, type SimulatedChipName, simulatedBinding } from '../../../src/testing/index.js';
import { describeEchoSuite } from '../../echo-suite.js';
import { CHIPS, fixtureImage, openBoard } from '../fixtures/board.js';

describe('a simulated board', () => {
  it.each<[SimulatedChipName, string]>([
    ['atmega328p', '0043'],
    ['atmega2560', '0042'],
    ['atmega32u4', '8036'],
  ])('with the %s is listed as an Arduino board of that kind', async (chip, productId) => {
    const binding = simulatedBinding(
      new SimulatedBoard({ path: 'a', chip, image: fixtureImage('echo-polled', chip) }),
      new SimulatedBoard({ path: 'b', chip, image: fixtureImage('echo-polled', chip), productId: '0001' }),
    );
    expect(await binding.list()).toMatchObject([
      { path: 'a', vendorId: '2341', productId, manufacturer: 'Arduino (www.arduino.cc)' },
      { path: 'b', vendorId: '2341', productId: '0001' },
    ]);
  });

  it('with the atmega2560 runs code and reads data above the first 128 KiB, also in interrupts', async () => {
    await using far = await openBoard('far-flash', { chip: 'atmega2560' });
    for (let round = 0; round < 3; round++) {
      await far.write('?');
      expect(Buffer.from(await far.read(3)).toString()).toBe('far');
    }
  });

  it('leads to the UART that was chosen, and to no other', async () => {
    await using other = await openBoard('usart-probe', { chip: 'atmega2560', uart: 3 });
    await other.write('?');
    await other.port.drain();
    // The program has sent its greeting through UART 0.
    expect(other.board.stats).toMatchObject({ bytesTransmitted: 0, bytesReceived: 0, bytesLost: { receiverOff: 1 } });
  });

  it('sends and receives through UART 3', async () => {
    await using echo = await openBoard('echo-uart3', { chip: 'atmega2560', uart: 3 });
    await echo.write('ab');
    expect(Buffer.from(await echo.read(2)).toString()).toBe('ab');
  });
});

for (const chip of CHIPS) {
  describeEchoSuite(
    `packet-echo on a simulated ${chip}`,
    async () => {
      const board = new SimulatedBoard({ path: '/dev/ttyACM0', chip, image: fixtureImage('packet-echo', chip) });
      return {
        binding: simulatedBinding(board),
        connection: { path: '/dev/ttyACM0', baudRate: 115_200, settleMs: 5 },
        dispose: async () => expect(Object.values(board.stats.bytesLost)).toEqual(new Array(8).fill(0)),
      };
    },
    { largestPacketBytes: 512 },
  );
}
