import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MOSQUITTO_MISSING } from '../../../../test/support/mosquitto.js';
import { Pty } from '../../../../test/support/pty.js';
import { has } from '../../../../test/support/tools.js';
import { expectMessageForm } from '../../support/message-form.js';
import { heard, listen, publish, startBroker } from '../../support/mqtt-clients.js';
import { run, start } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const ONLINE = /press Ctrl-C to stop\n/;
const HELLO = Buffer.from('000668656c6c6f00', 'hex');

const needs = MOSQUITTO_MISSING === '' && has('python3');

/** A device that can be unplugged and comes back under the same path. */
async function pluggable(): Promise<{ pty: Pty; link: string }> {
  const folder = await temporaryFolder();
  const pty = new Pty();
  onTestFinished(() => pty.end());
  return { pty, link: path.join(folder, 'ttyACM0') };
}

describe.skipIf(!needs)('sercom bridge when something fails (needs mosquitto, python3)', () => {
  test('says that a device is lost and comes back, on stderr and to the sender of a command', async () => {
    const broker = await startBroker();
    const { pty, link } = await pluggable();
    await pty.open(link);
    const client = await listen(broker, 'serial/bench/#');
    const bridge = start('bridge', `arm=${link}`, '--mqtt', broker.url, '--name', 'bench');
    await bridge.complained(ONLINE);
    await client.printed(/^serial\/bench\/arm\/state 0 connected$/m);
    await pty.unlink();
    await pty.close();
    await bridge.complained(/^sercom: connection "arm" .*; reconnecting\n/m);
    await client.printed(/^serial\/bench\/arm\/state 0 disconnected: /m);
    await publish(
      broker,
      'serial/bench/arm/tx',
      'go',
      ...['-D', 'publish', 'response-topic', 'serial/bench/arm/result'],
      ...['-D', 'publish', 'correlation-data', '0123456789abcdef:1'],
    );
    await client.printed(/^serial\/bench\/arm\/result 0 CONNECTION_LOST$/m);
    await pty.open(link);
    await bridge.complained(/^sercom: "arm" connected \(.*ttyACM0\)\n/m);
    await client.printed(/^serial\/bench\/arm\/state 0 connected\n[^]*^serial\/bench\/arm\/state 0 connected$/m);
    await pty.write(HELLO);
    await client.printed(/^serial\/bench\/arm\/rx 0 hello$/m);
    bridge.child.kill('SIGINT');
    const { code, stderr } = await bridge.outcome();
    expect(stderr).toMatch(/^sercom: arm: received 1 packet, published 1, 1 command, 0 succeeded, 1 failed\n/m);
    expect(code).toBe(0);
  });

  test('waits for a port that is missing at the start with --await-port', async () => {
    const broker = await startBroker();
    const { pty, link } = await pluggable();
    const bridge = start('bridge', link, '--mqtt', broker.url, '--name', 'bench', '--await-port');
    await bridge.complained(/^sercom: waiting for "ttyACM0" \(.*\)\n/m);
    const client = await listen(broker, 'serial/bench/#');
    await client.printed(/^serial\/bench\/ttyACM0\/state 1 disconnected: /m);
    await pty.open(link);
    await client.printed(/^serial\/bench\/ttyACM0\/state 0 connected$/m);
    bridge.child.kill('SIGINT');
    expect(await bridge.outcome()).toMatchObject({ code: 0 });
  });

  test('exits with 1 if a port cannot be opened, and leaves no bridge behind that seems to be online', async () => {
    const broker = await startBroker();
    const { code, stderr } = await run('bridge', 'arm=/dev/nowhere', '--mqtt', broker.url, '--name', 'bench');
    expectMessageForm(stderr, ['/dev/nowhere']);
    expect(stderr).toMatch(/^sercom: connection "arm" \(\/dev\/nowhere\): no such port; /);
    expect(code).toBe(1);
    const client = await listen(broker, 'serial/#');
    await client.printed(/^serial\/bench\/state 1 offline$/m);
  });

  test('reports the loss of the broker and what was not published, and continues when it is back', async () => {
    const broker = await startBroker();
    const { pty, link } = await pluggable();
    await pty.open(link);
    const bridge = start('bridge', `arm=${link}`, '--mqtt', broker.url, '--name', 'bench');
    await bridge.complained(ONLINE);
    await broker.kill();
    await bridge.complained(/^sercom: .*broker .*reconnect/m);
    await pty.write(HELLO);
    await bridge.complained(/^sercom: "arm": 1 packet not published: the broker is offline or too slow\n/m);
    await broker.restart();
    await bridge.complained(/^sercom: broker \S+ connected\n/m);
    const client = await listen(broker, 'serial/bench/#');
    await client.printed(/^serial\/bench\/arm\/state 1 connected$/m);
    await pty.write(HELLO);
    await client.printed(/^serial\/bench\/arm\/rx 0 hello$/m);
    bridge.child.kill('SIGINT');
    const { code, stderr } = await bridge.outcome();
    expect(stderr).toMatch(
      /^sercom: arm: received 2 packets, published 1, 1 not published, 0 commands, 0 succeeded\n/m,
    );
    expect(code).toBe(0);
  });

  test('exits with 1 if the broker cannot be reached, and says what to do', async () => {
    const broker = await startBroker();
    await broker.kill();
    const { code, stderr } = await run('bridge', 'sim:', '--mqtt', broker.url);
    expectMessageForm(stderr, [broker.url]);
    expect(stderr).toMatch(/: it refused the connection; check that the broker runs/);
    expect(code).toBe(1);
  });

  test('says so for a host that does not exist, too', async () => {
    const { code, stderr } = await run('bridge', 'sim:', '--mqtt', 'mqtt://nowhere.invalid');
    expectMessageForm(stderr, ['mqtt://nowhere.invalid']);
    expect(code).toBe(1);
  });

  test('keeps trying to reach the broker with --await-broker, and can be stopped meanwhile', async () => {
    const broker = await startBroker();
    await broker.kill();
    const options = ['sim:', '--mqtt', broker.url, '--name', 'bench', '--await-broker'];
    const stopped = start('bridge', ...options);
    await stopped.complained(/^sercom: .*broker .*; trying again\n$/);
    stopped.child.kill('SIGINT');
    expect(await stopped.outcome()).toMatchObject({ code: 0 });
    const bridge = start('bridge', ...options);
    await bridge.complained(/^sercom: .*broker .*: it refused the connection; .*; trying again\n$/);
    await broker.restart();
    await bridge.complained(ONLINE);
    bridge.child.kill('SIGINT');
    expect(await bridge.outcome()).toMatchObject({ code: 0 });
  });

  test('exits with 1 if another bridge has its name, says who, and opens no port', async () => {
    const broker = await startBroker();
    const { pty, link } = await pluggable();
    await pty.open(link);
    const first = start('bridge', 'sim:', '--mqtt', broker.url, '--name', 'bench');
    await first.complained(ONLINE);
    const { code, stderr } = await run('bridge', link, '--mqtt', broker.url, '--name', 'bench');
    expectMessageForm(stderr, [broker.url, link]);
    expect(stderr).toMatch(new RegExp(`bench.*\\b${first.child.pid}\\b.*another name`));
    expect(code).toBe(1);
    // There is nothing to read from a pty whose port has never been open.
    await expect(pty.read()).rejects.toThrow('Input/output error');
    const client = await listen(broker, 'serial/#');
    await client.printed(/^serial\/bench\/state 1 online$/m);
    first.child.kill('SIGINT');
    expect(await first.outcome()).toMatchObject({ code: 0 });
  });

  test('is shown offline after it was killed, and another one takes over its name', async () => {
    const broker = await startBroker();
    const first = start('bridge', 'sim:', '--mqtt', broker.url, '--name', 'bench');
    await first.complained(ONLINE);
    const client = await listen(broker, 'serial/#');
    first.child.kill('SIGKILL');
    await client.printed(/^serial\/bench\/state 0 offline$/m);
    const second = start('bridge', 'sim:', '--mqtt', broker.url, '--name', 'bench');
    await second.complained(ONLINE);
    await client.printed(/offline\n[^]*^serial\/bench\/state 0 online$/m);
    second.child.kill('SIGINT');
    expect(await second.outcome()).toMatchObject({ code: 0 });
  });

  test('does not carry out a command that was retained, and says so once', async () => {
    const broker = await startBroker();
    const { pty, link } = await pluggable();
    await pty.open(link);
    await publish(broker, 'serial/bench/arm/tx', 'old', '-r');
    const client = await listen(broker, 'serial/bench/arm/rx');
    const bridge = start('bridge', `arm=${link}`, '--mqtt', broker.url, '--name', 'bench');
    await bridge.complained(/^sercom: "arm": 1 command refused: retained, so of unknown age; .*\n/m);
    await pty.echo(true);
    await publish(broker, 'serial/bench/arm/tx', 'new');
    await client.printed(/^serial\/bench\/arm\/rx 0 new$/m);
    bridge.child.kill('SIGINT');
    const { stderr } = await bridge.outcome();
    expect(stderr).toMatch(/2 commands, 1 succeeded, 1 refused\n/);
    expect(heard(client, 'serial/bench/arm/rx')).toEqual(['serial/bench/arm/rx 0 new']);
  });

  test('refuses commands for a connection that it does not have, and says so once', async () => {
    const broker = await startBroker();
    const bridge = start('bridge', 'arm=sim:', '--mqtt', broker.url, '--name', 'bench');
    await bridge.complained(ONLINE);
    await publish(broker, 'serial/bench/leg/tx', 'one');
    await bridge.complained(/^sercom: "leg": 1 command refused: the bridge has no such connection; it has: arm\n/m);
    await publish(broker, 'serial/bench/knee/tx', 'two');
    const client = await listen(broker, 'serial/bench/arm/rx');
    await publish(broker, 'serial/bench/arm/tx', 'four');
    await client.printed(/^serial\/bench\/arm\/rx 0 four$/m);
    bridge.child.kill('SIGINT');
    const { stderr } = await bridge.outcome();
    expect(stderr.match(/no such connection/g)).toHaveLength(1);
    expect(stderr).toMatch(/^sercom: 2 commands refused: for connections that the bridge does not have$/m);
  });
});
