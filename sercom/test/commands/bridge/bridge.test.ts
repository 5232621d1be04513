import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MOSQUITTO_MISSING } from '../../../../test/support/mosquitto.js';
import { has } from '../../../../test/support/tools.js';
import { openIdDevice } from '../../support/id-device.js';
import { heard, listen, publish, startBroker } from '../../support/mqtt-clients.js';
import { start } from '../../support/sercom-process.js';
import { openTestPort, write } from '../../support/test-port.js';

const ONLINE = /press Ctrl-C to stop\n/;

const needs = MOSQUITTO_MISSING === '' && has('socat');

describe.skipIf(!needs)('sercom bridge (needs mosquitto, socat)', () => {
  test('carries packets both ways between a device and a foreign client, unchanged', async () => {
    const broker = await startBroker();
    const { path, device, arrived } = await openTestPort();
    const client = await listen(broker, 'serial/bench/#', '-F', '%t %x');
    const bridge = start('bridge', `arm=${path}`, '--mqtt', broker.url, '--name', 'bench');
    await bridge.complained(ONLINE);
    await arrived(1);
    // A frame after a delimiter, because the bytes before the first one are skipped.
    write(device, '00 06 68 65 6c 6c 6f 00 01 01 01 00');
    await client.printed(/^serial\/bench\/arm\/rx 0000$/m);
    await publish(broker, 'serial/bench/arm/tx', 'hi');
    expect(await arrived(5)).toBe('0003686900');
    bridge.child.kill('SIGINT');
    expect(await bridge.outcome()).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr:
        `sercom: bridging arm (${path}) to 127.0.0.1:${broker.port} as serial/bench; press Ctrl-C to stop\n` +
        'sercom: arm: received 2 packets, published 2, 1 command, 1 succeeded\n',
    });
    await client.printed(/^serial\/bench\/state 6f66666c696e65$/m);
    expect(heard(client, 'serial/bench/arm/rx')).toEqual([
      'serial/bench/arm/rx 68656c6c6f',
      'serial/bench/arm/rx 0000',
    ]);
  });

  test('retains what is online, and says when it ends that it does, before it closes its ports', async () => {
    const broker = await startBroker();
    const { path } = await openTestPort();
    const bridge = start('bridge', path, '--mqtt', broker.url, '--base', 'plant/serial');
    await bridge.complained(ONLINE);
    const topic = `plant/serial/${hostname()}`;
    const client = await listen(broker, 'plant/#');
    await client.printed(new RegExp(`^${topic}/state 1 online$`, 'm'));
    // The last part of the path.
    await client.printed(new RegExp(`^${topic}/ttyACM0/state 1 connected$`, 'm'));
    bridge.child.kill('SIGTERM');
    expect(await bridge.outcome()).toMatchObject({ code: 143 });
    await client.printed(new RegExp(`^${topic}/state 0 offline$`, 'm'));
    const late = await listen(broker, 'plant/#');
    await late.printed(new RegExp(`^${topic}/state 1 offline$`, 'm'));
    expect(heard(client, `${topic}/ttyACM0/state 0 disconnected`).length).toBeLessThan(2);
  });

  test('tells the sender of a command what became of it', async () => {
    const broker = await startBroker();
    const { path } = await openIdDevice((packet) => [[packet[0]!, 0x42]]);
    const client = await listen(broker, 'serial/bench/arm/result', '-F', '%t %D %x %P');
    const bridge = start('bridge', `arm=${path}`, '--mqtt', broker.url, '--name', 'bench', '--request-ids', '1');
    await bridge.complained(ONLINE);
    const tx = 'serial/bench/arm/tx';
    const replyTo = ['-D', 'publish', 'response-topic', 'serial/bench/arm/result'];
    const number = (text: string) => ['-D', 'publish', 'correlation-data', text];
    await publish(broker, tx, 'go', ...replyTo, ...number('0123456789abcdef:1'));
    await client.printed(/result 0123456789abcdef:1 6f6b .*status:ok/);
    const asRequest = ['-D', 'publish', 'user-property', 'request', '5000'];
    await publish(broker, tx, 'ask', ...replyTo, ...number('0123456789abcdef:2'), ...asRequest);
    await client.printed(/result 0123456789abcdef:2 42 .*status:ok/);
    bridge.child.kill('SIGINT');
    await bridge.outcome();
  });

  test('prints what docs/cli.md shows', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../../docs/cli.md'), 'utf8');
    const section = page.slice(page.indexOf('\n## sercom bridge'), page.indexOf('\n## sercom completion'));
    const blocks = [...section.matchAll(/^```text\n([^]*?)```$/gm)].map(([, block]) => block!);
    const [command, ...printed] = blocks[0]!.trimEnd().split('\n');
    const [subscribe, first, second, , publishing] = blocks[1]!.trimEnd().split('\n');
    const broker = await startBroker();
    const { path, device, arrived } = await openTestPort();
    const client = await listen(broker, /-t '(.*?)'/.exec(subscribe!)![1]!, '-F', /-F '(.*?)'/.exec(subscribe!)![1]!);
    const words = command!.replace('/dev/ttyACM0', path).replace('localhost', `127.0.0.1:${broker.port}`).split(' ');
    const bridge = start(...words.slice(2));
    await bridge.complained(ONLINE);
    await arrived(1);
    write(device, '00 06 68 65 6c 6c 6f 00 06 77 6f 72 6c 64 00');
    await client.printed(/ world\n/);
    const [, topic, payload] = /-t (\S+) -m '(.*)'$/.exec(publishing!)!;
    await publish(broker, topic!, payload!);
    await arrived(1 + payload!.length + 2);
    bridge.child.kill('SIGINT');
    const { stderr } = await bridge.outcome();
    const shown = stderr.replace(path, '/dev/ttyACM0').replace(`127.0.0.1:${broker.port}`, 'localhost');
    expect(shown.trimEnd().split('\n')).toEqual(printed.filter((line) => line !== '^C'));
    expect(heard(client, 'serial/')).toEqual([first, second]);
  });

  test('bridges a network port, which is named by its host and port', async () => {
    const broker = await startBroker();
    // It sends everything back.
    const device = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
    onTestFinished(() => void device.close());
    await once(device, 'listening');
    const name = `127.0.0.1:${(device.address() as AddressInfo).port}`;
    const client = await listen(broker, 'serial/bench/#');
    const bridge = start('bridge', `tcp://${name}`, '--mqtt', broker.url, '--name', 'bench');
    await bridge.complained(ONLINE);
    await publish(broker, `serial/bench/${name}/tx`, 'hello');
    await client.printed(new RegExp(`^serial/bench/${name}/rx 0 hello$`, 'm'));
    bridge.child.kill('SIGINT');
    expect(await bridge.outcome()).toMatchObject({ code: 0 });
  });

  test('bridges a simulated board', async () => {
    const broker = await startBroker();
    const client = await listen(broker, 'serial/bench/#');
    const bridge = start('bridge', 'sim:', '--mqtt', broker.url, '--name', 'bench');
    await bridge.complained(ONLINE);
    await publish(broker, 'serial/bench/sim:/tx', 'hello');
    await client.printed(/^serial\/bench\/sim:\/rx 0 hello$/m);
    bridge.child.kill('SIGINT');
    expect(await bridge.outcome()).toMatchObject({ code: 0 });
  });
});
