import { describeEchoSuite } from '../echo-suite.js';
import { MicroPythonDevice, microPythonBinding } from '../support/micropython.js';

const path = '/dev/ttyPY0';

const ECHO = `
def loop():
    while (packet := host.receive()) is not None:
        host.send(packet)
`;

for (const checksum of ['none', 'crc16', 'crc32'] as const) {
  const argument = checksum === 'none' ? 'None' : `'${checksum}'`;
  describeEchoSuite(
    `MicroPython, checksum: ${checksum}`,
    async () => ({
      binding: microPythonBinding(
        new MicroPythonDevice(path, `host = packets.Packets(UART(0, 115200), 65536, ${argument})\n${ECHO}`),
      ),
      connection: { path, baudRate: 115_200, checksum },
    }),
    { largestPacketBytes: 65_536 },
  );
}

describeEchoSuite(
  'MicroPython, read and written in pieces',
  async () => ({
    binding: microPythonBinding(
      new MicroPythonDevice(
        path,
        `line.write_bytes = 7\nhost = packets.Packets(UART(0, 115200), 5000, read_bytes=3)\n${ECHO}`,
      ),
    ),
    connection: { path, baudRate: 115_200 },
  }),
  { largestPacketBytes: 5_000 },
);

describeEchoSuite(
  'MicroPython, each packet a packet with the id 0',
  async () => ({
    binding: microPythonBinding(
      new MicroPythonDevice(path, `host = packets.Requests(UART(0, 115200), 5000, {}, id_bytes=2)\n${ECHO}`),
    ),
    connection: { path, baudRate: 115_200, requestIds: { bytes: 2 } },
  }),
  { largestPacketBytes: 5_000 },
);
