import { describe, expect, test } from 'vitest';
import type { PacketRecord, RequestId } from '../../src/records/record.js';
import { WireRequests } from '../../src/session/wire-requests.js';

function received(name: string, request: RequestId | undefined): PacketRecord {
  const record: PacketRecord = { timeUs: 0, name, dir: 'rx', length: 0, bytes: new Uint8Array(0) };
  return request === undefined ? record : { ...record, request };
}

describe('requests with ids that are only shown', () => {
  test('get the reply with their id, from their connection', async () => {
    const requests = new WireRequests();
    const one = requests.begin('arm', 1);
    const other = requests.begin('arm', 1);
    const elsewhere = requests.begin('leg', 1);
    expect(one.id).not.toBe(other.id);
    const replies: string[] = [];
    void one.reply.then(({ request }) => replies.push(`one ${request?.kind}`));
    void other.reply.then(({ request }) => replies.push(`other ${request?.kind}`));
    void elsewhere.reply.then(() => replies.push('elsewhere'));
    requests.received(received('arm', undefined));
    requests.received(received('arm', { kind: 'plain', id: 0 }));
    requests.received(received('arm', { kind: 'request', id: one.id }));
    requests.received(received('arm', { kind: 'error', id: other.id, code: 1 }));
    requests.received(received('arm', { kind: 'reply', id: one.id }));
    await one.reply;
    expect(replies).toEqual(['other error', 'one reply']);
  });

  test.each([
    [1, 127],
    [2, 32_767],
  ] as const)('have ids of %d bytes without the top bit, none of which is used twice', (idBytes, maxId) => {
    const requests = new WireRequests();
    const pending = Array.from({ length: maxId }, () => requests.begin('arm', idBytes));
    expect([...pending.map(({ id }) => id)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: maxId }, (_, index) => index + 1),
    );
    expect(() => requests.begin('arm', idBytes)).toThrow(
      `${maxId} requests to "arm" wait for their replies; try again later`,
    );
    pending[5]!.end();
    expect(requests.begin('arm', idBytes).id).toBe(pending[5]!.id);
  });

  test('take no reply that comes after their end', async () => {
    const requests = new WireRequests();
    const first = requests.begin('arm', 1);
    first.end();
    const second = requests.begin('arm', 1);
    expect(second.id).not.toBe(first.id);
    requests.received(received('arm', { kind: 'reply', id: first.id }));
    requests.received(received('arm', { kind: 'reply', id: second.id }));
    expect((await second.reply).request?.id).toBe(second.id);
  });
});
