// Against the relay of examples/relay, the Go side's own.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../bytes.ts';
import { conformance } from './conformance.ts';
import { buildRelay, freePort, NodeWebSocket, Proxy, startRelay, type GoRelay } from './gorelay.ts';
import { Relay } from './relay.ts';
import type { SocketConstructor } from './session.ts';
import { testMailbox, testToken } from './testmailbox.ts';
import type { MailboxLike, Packet, SignalFault, Transport } from './transport.ts';

const fault = (f: SignalFault) => expect.objectContaining({ name: 'SignalError', fault: f });
const options = { WebSocket: NodeWebSocket, draw: () => 0.01 }; // waits of 5 ms, 10 ms, 20 ms …
const dial = (port: number, m?: MailboxLike, WebSocket: SocketConstructor = NodeWebSocket) =>
  Relay.dial(`ws://127.0.0.1:${port}`, m, { ...options, WebSocket });

let built: ReturnType<typeof buildRelay>;
beforeAll(() => void (built = buildRelay()), 120_000);
afterAll(() => built.remove());

describe('the relay in Go', () => {
  let relay: GoRelay;
  beforeAll(async () => void (relay = await startRelay(built.binary)));
  afterAll(() => relay.stop());

  // The relay closes in its turn, when it has read what came before.
  const closes = new WeakMap<Transport, Promise<unknown>>();
  conformance(async (m) => {
    let closed: Promise<unknown> | undefined;
    const t = await dial(relay.port, m, class extends NodeWebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol);
        closed = new Promise((done) => this.addEventListener('close', done));
      }
    });
    closes.set(t, closed!);
    return t;
  }, (t) => closes.get(t)!);

  test('lends ICE servers to who has a mailbox, and the same ones for half of their hour', async () => {
    const t = await dial(relay.port, await testMailbox());
    const servers = await t.iceServers();
    const urls = servers.flatMap((s) => s.urls);
    for (const u of urls) expect(u).toMatch(/^(stun|turn):127\.0\.0\.1:\d+(\?transport=(udp|tcp))?$/);
    const turn = servers.find((s) => s.urls[0]?.startsWith('turn:'));
    expect(turn?.username).toMatch(/^\d+:/);
    expect(turn?.credential).toMatch(/^[\w+/]{27}=$/);
    expect(await t.iceServers()).toEqual(servers);
    t.close();
  });

  test('a proof for another origin is refused', async () => {
    const proxy = await Proxy.start(); // the relay does not know itself by this port
    proxy.target = relay.port;
    await expect(dial(proxy.port, await testMailbox())).rejects.toEqual(fault('rejected'));
    (await dial(proxy.port)).close(); // a sender proves nothing
    await proxy.stop();
  });

  test('what is no relay is unavailable', async () => {
    await expect(dial(await freePort())).rejects.toEqual(fault('unavailable'));
    const path = Relay.dial(`ws://127.0.0.1:${relay.port}/healthz`, undefined, options);
    await expect(path).rejects.toEqual(fault('unavailable'));
  });

  // The global of Node 22 and later; in 20 it is behind --experimental-websocket.
  test.runIf(typeof globalThis.WebSocket === 'function')('by the WebSocket that is here', async () => {
    const own = globalThis.WebSocket as unknown as SocketConstructor;
    const t = await Relay.dial(`ws://127.0.0.1:${relay.port}`, await testMailbox(), { WebSocket: own });
    expect((await t.iceServers()).length).toBeGreaterThan(0);
    t.close();
  });
});

describe('connections that break', () => {
  let proxy: Proxy;
  let port: number;
  let relay: GoRelay;
  const opened: Relay[] = [];

  beforeAll(async () => {
    proxy = await Proxy.start();
    port = await freePort();
    relay = await startRelay(built.binary, [port, proxy.port]);
  });
  afterEach(() => {
    proxy.budget = () => Infinity;
    for (const t of opened.splice(0)) t.close();
  });
  afterAll(async () => {
    await proxy.stop();
    await relay.stop();
  });

  async function connect(m?: MailboxLike): Promise<Relay> {
    proxy.target = port;
    const t = await dial(proxy.port, m);
    opened.push(t);
    return t;
  }

  async function receive(t: Relay, n: number): Promise<string[]> {
    const got: string[] = [];
    while (got.length < n) got.push(fromUtf8((await t.receive()).body));
    return got;
  }

  test('1,000 packets: none is lost or doubled, and the order stays', async () => {
    const mailbox = await testMailbox();
    const reader = await connect(mailbox);
    const tokens = Array.from({ length: 4 }, testToken); // one may write 512 at once
    await reader.admit(tokens.map((t) => t.hash));
    const sender = await connect();
    proxy.budget = () => 8_000 + Math.random() * 8_000;
    proxy.cut();
    const packet = (i: number): Packet => ({ to: mailbox.address, token: tokens[i % 4]!.token, body: utf8(`${i}`) });
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    const got = receive(reader, 1000);
    for (let i = 0; i < 1000; i += 20) await Promise.all(numbers.slice(i, i + 20).map((n) => sender.send(packet(n))));
    expect(await got).toEqual(numbers.map(String));
    expect(proxy.cuts).toBeGreaterThan(8);
    // Nothing is left over: the next is what is sent next.
    await sender.send({ ...packet(0), body: utf8('last') });
    expect(await receive(reader, 1)).toEqual(['last']);
  }, 60_000);

  test('what is sent while nobody answers is sent when somebody does, and the admission is there before', async () => {
    const mailbox = await testMailbox();
    const { token, hash } = testToken();
    const reader = await connect(mailbox);
    const sender = await connect();
    proxy.target = 0;
    proxy.cut();
    const admitted = reader.admit([hash]);
    const sent = sender.send({ to: mailbox.address, token, body: utf8('held') });
    await relay.stop(); // and it forgets all it knew
    relay = await startRelay(built.binary, [port, proxy.port]);
    proxy.target = port;
    await Promise.all([admitted, sent]);
    expect(await receive(reader, 1)).toEqual(['held']);
    await relay.stop();
    relay = await startRelay(built.binary, [port, proxy.port]);
    await sender.send({ to: mailbox.address, token, body: utf8('again') });
    expect(await receive(reader, 1)).toEqual(['again']);
  });

  test('what was received before a break does not come again; what was not does', async () => {
    const mailbox = await testMailbox();
    const { token, hash } = testToken();
    const reader = await connect(mailbox);
    const sender = await connect();
    await reader.admit([hash]);
    for (const b of ['1', '2', '3']) await sender.send({ to: mailbox.address, token, body: utf8(b) });
    expect(await receive(reader, 1)).toEqual(['1']);
    proxy.cut();
    await sender.send({ to: mailbox.address, token, body: utf8('4') });
    expect(await receive(reader, 3)).toEqual(['2', '3', '4']);
  });
});
