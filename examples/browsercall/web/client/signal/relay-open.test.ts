import { describe, expect, test, vi } from 'vitest';
import { fakeMailbox, settle, stage, url, type FakeSocket } from './fakerelay.ts';
import type { Relay } from './relay.ts';
import type { Packet, SignalFault } from './transport.ts';

const fill = (n: number, b = 1) => new Uint8Array(n).fill(b);
const packet = (): Packet => ({ to: fill(32), token: fill(16), body: fill(4) });
const fault = (f: SignalFault) => expect.objectContaining({ name: 'SignalError', fault: f });

const { made, dialled, greet, connected } = stage();

describe('open', () => {
  test("is for a call's mailbox, kept for a minute, or for a sender", async () => {
    const { relay } = await connected();
    const opening = relay.open(fakeMailbox());
    await settle();
    await greet(made[1]!);
    const opened = await opening;
    dialled.push(opened);
    expect(made[1]!.of('hello')[0]).toMatchObject({ keep: 60, ed25519: fill(32, 1) });
    const other = relay.open(undefined, 'wss://Other.example');
    await settle();
    await greet(made[2]!);
    dialled.push(await other);
    expect([made[1]!.url, made[2]!.url]).toEqual([url, 'wss://other.example/v1']);
    expect(made[2]!.of('hello')).toEqual([{ kind: 'hello', version: 1 }]);
  });
});

describe('ICE servers', () => {
  const turn = { urls: ['turn:a:3478?transport=udp', 'turns:[2001:db8::1]:5349'], username: 'u', credential: 'c' };

  async function asked(relay: Relay, socket: FakeSocket, seconds: number, servers: typeof turn[]) {
    const answer = relay.iceServers();
    await settle();
    socket.frame('servers', { n: socket.of('ask').at(-1)!.n, seconds, servers });
    return answer;
  }

  test('are kept for half of their lifetime', async () => {
    const { relay, socket } = await connected();
    const got = await asked(relay, socket, 3600, [turn]);
    expect(got).toEqual([turn]);
    (got[0]!.urls as string[]).push('turn:changed'); // by the caller: what is kept is not its own
    vi.setSystemTime(Date.now() + 1_799_999);
    expect(await relay.iceServers()).toEqual([turn]);
    vi.setSystemTime(Date.now() + 1);
    const later = { ...turn, username: 'v' };
    expect(await asked(relay, socket, 3600, [later])).toEqual([later]);
  });

  test('without any, the list is empty; when refused, rejected', async () => {
    const { relay, socket } = await connected();
    expect(await asked(relay, socket, 0, [])).toEqual([]);
    const failed = expect(relay.iceServers()).rejects.toEqual(fault('rejected'));
    await settle();
    socket.frame('result', { n: 2, code: 3 });
    await failed;
  });

  test('what a browser would refuse is left out', async () => {
    const { relay, socket } = await connected();
    const bad = ['turn:a:99999', 'turn:a?transport=sctp', 'turn:', 'turn:a:0', 'turn:a b', 'stun:a?transport=udp'];
    const servers = [...bad.map((u) => ({ ...turn, urls: [u] })), { urls: ['turn:a'] } as typeof turn, turn];
    expect(await asked(relay, socket, 60, servers)).toEqual([turn]);
  });

  test('an answer of the wrong kind is an error of that request alone', async () => {
    const { relay, socket } = await connected();
    const failed = expect(relay.send(packet())).rejects.toEqual(fault('unavailable'));
    await settle();
    socket.frame('servers', { n: 1, seconds: 1, servers: [] });
    await failed;
    expect(socket.closed).toBeUndefined();
  });
});

test('nothing of a transport shows when it is printed or serialised', async () => {
  const { relay } = await connected();
  expect(JSON.stringify(relay)).toBe('{}');
  expect(String(relay)).toBe('[object EventTarget]');
});
