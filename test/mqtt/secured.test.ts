import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ConnectionError } from '../../src/index.js';
import { outcome } from '../contract/harness.js';
import { makeCertificates } from '../support/certificate-authority.js';
import { MOSQUITTO_MISSING } from '../support/mosquitto.js';
import { has } from '../support/tools.js';
import { newBridge, newRemote, startBroker, startDevice } from './bridge-rig.js';

const NEEDS = MOSQUITTO_MISSING + (has('openssl') ? '' : ' (needs openssl)');

const PASSWORD = 'a secret that no message shows';

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mqtt-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function openingError(remote: ReturnType<typeof newRemote>['remote']): Promise<ConnectionError> {
  const result = (await outcome(remote.initialize())) as { error: { errors: ConnectionError[] } };
  return result.error.errors[0]!;
}

describe.skipIf(NEEDS !== '')(`brokers with users and TLS${NEEDS}`, () => {
  test('user and password pass through; without them, both ends say what to check, and show no password', async () => {
    const broker = await startBroker({ users: { bridge: PASSWORD, app: PASSWORD } });
    const { serial } = await startDevice({ echo: true });
    const wrong = { mqtt: { username: 'bridge', password: `not ${PASSWORD}` } };
    const denied = {
      code: 'PERMISSION_DENIED',
      message: expect.stringMatching(
        /Not authorized|Bad User Name or Password.*; check user, password and certificate/i,
      ),
    };
    for (const options of [{}, wrong]) {
      await expect(newBridge(serial, broker, options).start()).rejects.toMatchObject(denied);
      const error = await openingError(newRemote(broker, {}, options).remote);
      expect(error).toMatchObject(denied);
      expect(error.message).not.toContain(PASSWORD);
    }
    const inUrl = broker.url.replace('//', `//app:${encodeURIComponent(PASSWORD)}@`);
    await newBridge(serial, broker, { mqtt: { username: 'bridge', password: PASSWORD } }).start();
    const { remote, inbox } = newRemote(broker, {}, { url: inUrl });
    await remote.initialize();
    await remote.send('arm', Uint8Array.of(1));
    await inbox.count(1);
    await broker.kill();
    await expect.poll(() => remote.reachability('arm')).toBe('brokerOffline');
    expect(remote.connectionError('arm')!.message).not.toContain('secret');
  });

  test('what the access rules of the broker refuse rejects with PERMISSION_DENIED', async () => {
    const folder = temporaryFolder();
    const rules = path.join(folder, 'rules');
    writeFileSync(
      rules,
      [
        ...['user bridge', 'topic readwrite serial/bench/#', 'user reader', 'topic read serial/#'],
        ...['user writer', 'topic write serial/#', ''],
      ].join('\n'),
    );
    const users = { bridge: PASSWORD, reader: PASSWORD, writer: PASSWORD };
    const broker = await startBroker({ users, config: [`acl_file ${rules}`] });
    const { serial } = await startDevice({ echo: true });
    const as = (username: string) => ({ mqtt: { username, password: PASSWORD } });
    await newBridge(serial, broker, as('bridge')).start();
    await expect(newBridge(serial, broker, { ...as('reader'), name: 'other' }).start()).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('refuses to publish to serial/other/claim'),
    });
    // It may publish its claim and does not get it: mosquitto does not say so.
    await expect(newBridge(serial, broker, { ...as('writer'), name: 'other' }).start()).rejects.toMatchObject({
      code: 'OPEN_TIMEOUT',
      message: expect.stringContaining('check its access rules'),
    });
    const { remote } = newRemote(broker, { openTimeoutMs: 500 }, as('reader'));
    expect(await openingError(remote)).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringMatching(/refuses to publish to serial\/bench\/arm\/tx .*; check its access rules/),
    });
  });

  test('TLS: certificates pass through, and a broker whose certificate is not trusted is refused', async () => {
    const { files, ca, client } = makeCertificates(temporaryFolder());
    const broker = await startBroker({ tls: { ...files, requireClient: true } });
    const { serial } = await startDevice({ echo: true });
    const mqtt = { ca, ...client };
    await newBridge(serial, broker, { mqtt }).start();
    const { remote, inbox } = newRemote(broker, {}, { mqtt });
    await remote.initialize();
    await remote.send('arm', Uint8Array.of(1));
    expect(await inbox.next()).toEqual({ name: 'arm', packet: Uint8Array.of(1) });
    expect(await openingError(newRemote(broker).remote)).toMatchObject({
      code: 'BROKER_OFFLINE',
      message: expect.stringMatching(/certificate.*; check the certificates: "ca"/),
    });
    const unreadable = { mqtt: { ca: 'no certificate', cert: 'none', key: 'none' } };
    const failure = { code: 'BROKER_OFFLINE', message: expect.stringMatching(/check the certificates/) };
    expect(await openingError(newRemote(broker, {}, unreadable).remote)).toMatchObject(failure);
    await expect(newBridge(serial, broker, { ...unreadable, name: 'other' }).start()).rejects.toMatchObject(failure);
    // Without a certificate of its own, the client is refused.
    expect(await openingError(newRemote(broker, {}, { mqtt: { ca } }).remote)).toMatchObject({
      code: 'BROKER_OFFLINE',
    });
  });
});
