import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { MOSQUITTO_MISSING } from '../../../../test/support/mosquitto.js';
import { has } from '../../../../test/support/tools.js';
import { expectMessageForm } from '../../support/message-form.js';
import { listen, startBroker } from '../../support/mqtt-clients.js';
import { type Outcome, RunningProcess, SERCOM } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const ONLINE = /press Ctrl-C to stop\n/;

const needs = MOSQUITTO_MISSING === '' && has('openssl');

/** A bridge with an environment of its own. */
function startWith(env: NodeJS.ProcessEnv, ...options: string[]): RunningProcess {
  return new RunningProcess(process.execPath, [SERCOM, 'bridge', 'sim:', '--name', 'bench', ...options], env);
}

/** Ends a bridge that is online. */
async function end(bridge: RunningProcess): Promise<Outcome> {
  await bridge.complained(ONLINE);
  bridge.child.kill('SIGINT');
  return bridge.outcome();
}

/** Files in PEM: an authority, the broker and a client that it has signed, and another authority. */
async function certificates() {
  const folder = await temporaryFolder();
  const file = (name: string) => path.join(folder, name);
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
    );
  authority('ca');
  authority('other');
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1');
  for (const name of ['broker', 'client']) {
    const request = file(`${name}.csr`);
    openssl('req', ...newKey.slice(0, -2), '-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', request);
    const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', request, ...signer, '-extfile', file('names'), '-out', file(`${name}.pem`));
  }
  return file;
}

describe.skipIf(!needs)('sercom bridge logs in (needs mosquitto, openssl)', () => {
  test('with the password from the environment or a file, and shows it to nobody', async () => {
    const broker = await startBroker({ users: { bench: 'open sesame' } });
    const options = ['--mqtt', broker.url, '--mqtt-user', 'bench'];
    const file = path.join(await temporaryFolder(), 'password');
    await writeFile(file, 'open sesame\n');
    const fromFile = startWith({ SERCOM_MQTT_PASSWORD: 'wrong' }, ...options, '--mqtt-password-file', file);
    expect(await end(fromFile)).toMatchObject({ code: 0 });
    const fromEnvironment = startWith({ SERCOM_MQTT_PASSWORD: 'open sesame' }, ...options);
    await fromEnvironment.complained(ONLINE);
    expect(await readFile(`/proc/${fromEnvironment.child.pid}/cmdline`, 'latin1')).not.toContain('sesame');
    const { stdout, stderr } = await end(fromEnvironment);
    expect(stdout + stderr).not.toContain('sesame');
  });

  test('and exits with 1 if the broker refuses the password, or wants one', async () => {
    const broker = await startBroker({ users: { bench: 'open sesame' } });
    const wrong = startWith({ SERCOM_MQTT_PASSWORD: 'open barley' }, '--mqtt', broker.url, '--mqtt-user', 'bench');
    const without = startWith({}, '--mqtt', broker.url, '--await-broker');
    for (const { code, stderr } of [await wrong.outcome(), await without.outcome()]) {
      expectMessageForm(stderr, [broker.url]);
      expect(stderr).toMatch(/[Nn]ot authorized; check user/);
      expect(stderr).not.toContain('barley');
      expect(code).toBe(1);
    }
  });

  test('over TLS, with a certificate of its own', async () => {
    const file = await certificates();
    const tls = { ca: file('ca.pem'), cert: file('broker.pem'), key: file('broker.key'), requireClient: true };
    const broker = await startBroker({ tls });
    const own = ['--mqtt-cert', file('client.pem'), '--mqtt-key', file('client.key')];
    const bridge = startWith({}, '--mqtt', broker.url, '--mqtt-ca', file('ca.pem'), ...own);
    await bridge.complained(ONLINE);
    const login = ['--cafile', file('ca.pem'), '--cert', file('client.pem'), '--key', file('client.key')];
    const client = await listen(broker, 'serial/#', ...login);
    await client.printed(/^serial\/bench\/state 1 online$/m);
    expect(await end(bridge)).toMatchObject({ code: 0 });
  });

  test('and not to a broker whose certificate it does not trust, nor without one that the broker wants', async () => {
    const file = await certificates();
    const tls = { ca: file('ca.pem'), cert: file('broker.pem'), key: file('broker.key'), requireClient: true };
    const broker = await startBroker({ tls });
    const other = startWith({}, '--mqtt', broker.url, '--mqtt-ca', file('other.pem'));
    const unsigned = startWith({}, '--mqtt', broker.url, '--mqtt-ca', file('ca.pem'));
    for (const { code, stderr } of [await other.outcome(), await unsigned.outcome()]) {
      expectMessageForm(stderr, [broker.url]);
      expect(stderr).toMatch(/certificate.*; check the certificates: --mqtt-ca, and --mqtt-cert with --mqtt-key if /);
      expect(code).toBe(1);
    }
  });

  test('and says that a key is that of another certificate', async () => {
    const file = await certificates();
    const bridge = startWith(
      {},
      ...['--mqtt', 'mqtts://127.0.0.1', '--mqtt-cert', file('client.pem'), '--mqtt-key', file('broker.key')],
    );
    const { code, stderr } = await bridge.outcome();
    expectMessageForm(stderr);
    expect(stderr).toMatch(/^sercom: --mqtt-cert, --mqtt-key: the key is that of another certificate; /);
    expect(code).toBe(1);
  });

  test('and refuses a password without a user', async () => {
    const { code, stderr } = await startWith({ SERCOM_MQTT_PASSWORD: 'x' }, '--mqtt', 'mqtt://127.0.0.1').outcome();
    expectMessageForm(stderr);
    expect(stderr).toBe('sercom: SERCOM_MQTT_PASSWORD is set, but no user; name one with --mqtt-user\n');
    expect(code).toBe(2);
  });
});
