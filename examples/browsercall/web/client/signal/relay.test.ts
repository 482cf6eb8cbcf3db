import { describe, expect, test, vi } from 'vitest';
import { hex } from '../bytes.ts';
import { fakeMailbox, recording, settle, stage, url, type FakeSocket } from './fakerelay.ts';
import { encodeFrame } from './frame.ts';
import { maxSeen } from './inbox.ts';
import { maxInFlight, Relay } from './relay.ts';
import { answerTimeout, connectTimeout, quietTimeout } from './session.ts';
import { maxBody, maxNotice, retention, SignalError, type Packet } from './transport.ts';

const fill = (n: number, b = 1) => new Uint8Array(n).fill(b);
const idOf = (i: number) => Uint8Array.from({ length: 16 }, (_, at) => (at < 4 ? i >> (8 * at) : 9));
const packet = (b = 1): Packet => ({ to: fill(32), token: fill(16), body: fill(4, b) });
const fault = (f: SignalError['fault']) => expect.objectContaining({ name: 'SignalError', fault: f });

const { made, begin, greet, connected, sender, reconnected } = stage();

const deliver = (s: FakeSocket, i: number) =>
  s.frame('deliver', { id: idOf(i), token: fill(16), body: fill(3, i) });

describe('dial', () => {
  test('asks for the subprotocol, and answers the challenge for the origin as dialled', async () => {
    const mailbox = fakeMailbox();
    const { socket } = await connected(mailbox);
    expect([socket.url, socket.asked, socket.binaryType]).toEqual([url, 'sotto.relay.v1', 'arraybuffer']);
    expect(mailbox.asked).toEqual([{ origin: 'wss://relay.example:443', challenge: fill(32, 7) }]);
    expect(socket.of('hello')).toEqual([expect.objectContaining({
      ed25519: fill(32, 1), hpke: fill(32, 2), signature: fill(64, 3), keep: 604800,
    })]);
  });

  test('a sender says nothing of itself, and neither receives nor admits', async () => {
    const { relay, socket } = await sender();
    expect(socket.sent.map((f) => hex(encodeFrame('hello', f as never)))).toEqual(['02a10101']);
    await expect(relay.admit([])).rejects.toEqual(fault('noMailbox'));
    await expect(relay.iceServers()).rejects.toEqual(fault('noMailbox'));
    deliver(socket, 1);
    expect(socket.closed).toBe('no code');
  });

  test.each<[string, SignalError['fault'], (s: FakeSocket) => void | Promise<void>]>([
    ['another subprotocol', 'rejected', (s) => s.open('chat')],
    ['no subprotocol', 'rejected', (s) => s.open('')],
    ['a proof that is wrong', 'rejected', (s) => s.end(3000)],
    ['no connection', 'unavailable', (s) => s.end(1006)],
    ['an error', 'unavailable', (s) => void s.dispatchEvent(new Event('error'))],
    ['ready before the challenge', 'rejected', (s) => (s.open(), s.frame('ready', { version: 1 }))],
    ['two challenges', 'rejected', (s) => {
      s.open();
      for (let i = 0; i < 2; i++) s.frame('challenge', { version: 1, challenge: fill(32) });
    }],
    ['a text message', 'rejected', (s) => (s.open(), s.message('hello'))],
    ['silence', 'unavailable', async () => void (await vi.advanceTimersByTimeAsync(connectTimeout))],
  ])('%s is %s at once', async (_, what, relay) => {
    const dial = begin(fakeMailbox());
    const failed = expect(dial).rejects.toEqual(fault(what));
    await relay(made[0]!);
    await failed;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.length).toBe(1);
    expect(made[0]!.closed).toBeDefined();
  });

  test('a mailbox that does not sign is rejected', async () => {
    const mailbox = { ...fakeMailbox(), answer: () => Promise.reject(new Error('the secret seed')) };
    const dial = begin(mailbox);
    const failed = expect(dial).rejects.toEqual(fault('rejected'));
    made[0]!.open();
    made[0]!.frame('challenge', { version: 1, challenge: fill(32) });
    await failed;
    await expect(dial).rejects.not.toThrow(/seed/);
  });

  test('abort ends the attempt', async () => {
    const abort = new AbortController();
    const dial = begin(fakeMailbox(), abort.signal);
    abort.abort(new Error('enough'));
    await expect(dial).rejects.toThrow('enough');
    expect(made[0]!.closed).toBe(1000);
  });

  test('ws:// to another machine is insecure', async () => {
    const dial = Relay.dial('ws://relay.example', undefined, { WebSocket: recording() });
    await expect(dial).rejects.toEqual(fault('insecure'));
  });
});

describe('send', () => {
  test('writes the packet as it was when send was called, and returns with the answer', async () => {
    const { relay, socket } = await connected();
    const p = packet();
    const sent = relay.send(p);
    p.body.fill(99);
    await settle();
    const [f] = socket.of('send');
    expect(f).toMatchObject({ n: 1, to: fill(32), token: fill(16), body: fill(4, 1) });
    expect(f).not.toHaveProperty('class');
    socket.frame('result', { n: 1, code: 0 });
    await sent;
  });

  test.each<[number, SignalError['fault']]>([[1, 'throttled'], [2, 'unavailable'], [3, 'rejected']])(
    'code %i is %s', async (code, what) => {
      const { relay, socket } = await connected();
      const failed = expect(relay.send(packet())).rejects.toEqual(fault(what));
      await settle();
      socket.frame('result', { n: 1, code });
      await failed;
    });

  test('answers are matched by their number, in any order; unknown ones are ignored', async () => {
    const { relay, socket } = await connected();
    const done: number[] = [];
    for (let i = 1; i <= 3; i++) void relay.send(packet()).then(() => done.push(i));
    await settle();
    for (const n of [3, 99, 1]) socket.frame('result', { n, code: 0 });
    await settle();
    expect(done).toEqual([3, 1]);
    socket.frame('result', { n: 2, code: 0 });
    await settle();
    expect(done).toEqual([3, 1, 2]);
  });

  test('what is unanswered and not given up is written again, in order and in the same bytes', async () => {
    const { relay, socket } = await connected();
    const abort = new AbortController();
    const sends = [1, 2, 3, 4].map((b) => relay.send(packet(b), b === 3 ? abort.signal : undefined));
    const third = expect(sends[2]).rejects.toThrow('no more');
    await settle();
    socket.frame('result', { n: 2, code: 0 });
    abort.abort(new Error('no more'));
    await third;
    const next = await reconnected();
    expect(next.of('send')).toEqual([socket.of('send')[0], socket.of('send')[3]]);
    for (const n of [1, 4]) next.frame('result', { n, code: 0 });
    await Promise.all([sends[0], sends[1], sends[3]]);
  });

  test('while the connection is down it waits for the next one', async () => {
    const { relay, socket } = await connected();
    socket.end();
    const sent = relay.send(packet());
    await vi.advanceTimersByTimeAsync(250);
    await greet(made[1]!);
    expect(made[1]!.of('send').length).toBe(1);
    made[1]!.frame('result', { n: 1, code: 0 });
    await sent;
  });

  test(`${maxInFlight} at a time, in the order of the calls`, async () => {
    const { relay, socket } = await connected();
    const sends = Array.from({ length: maxInFlight + 6 }, (_, i) => relay.send(packet(i)));
    await settle();
    expect(socket.of('send').length).toBe(maxInFlight);
    for (let n = 1; n <= maxInFlight + 6; n++) {
      socket.frame('result', { n, code: 0 });
      await settle();
    }
    await Promise.all(sends);
    expect(socket.of('send').map((f) => f.body[0])).toEqual(sends.map((_, i) => i));
  });

  test.each<[string, SignalError['fault'], Packet]>([
    ['an empty body', 'invalid', { ...packet(), body: fill(0) }],
    ['a short address', 'invalid', { ...packet(), to: fill(31) }],
    ['a long token', 'invalid', { ...packet(), token: fill(17) }],
    ['a large body', 'tooLarge', { ...packet(), body: fill(maxBody + 1) }],
    ['a large notice', 'tooLarge', { ...packet(), body: fill(maxNotice + 1), notice: true }],
  ])('%s is %s, and nothing is written', async (_, what, p) => {
    const { relay, socket } = await connected();
    await expect(relay.send(p)).rejects.toEqual(fault(what));
    expect(socket.of('send')).toEqual([]);
  });
});

describe('receive', () => {
  test('acknowledges what it returns, not what arrives', async () => {
    const { relay, socket } = await connected();
    deliver(socket, 1);
    deliver(socket, 2);
    expect(socket.of('ack')).toEqual([]);
    expect(await relay.receive()).toEqual({ token: fill(16), body: fill(3, 1) });
    expect(socket.of('ack')).toEqual([{ kind: 'ack', id: idOf(1) }]);
  });

  test('readers are served in their order, and one that gave up takes nothing', async () => {
    const { relay, socket } = await connected();
    const abort = new AbortController();
    const gone = expect(relay.receive(abort.signal)).rejects.toThrow('left');
    const first = relay.receive();
    const second = relay.receive();
    await settle();
    abort.abort(new Error('left'));
    await gone;
    deliver(socket, 1);
    deliver(socket, 2);
    expect([(await first).body[0], (await second).body[0]]).toEqual([1, 2]);
  });

  test('a repetition is dropped; if it was received it is acknowledged again', async () => {
    const { relay, socket } = await connected();
    deliver(socket, 1);
    deliver(socket, 1);
    await relay.receive();
    const next = await reconnected();
    deliver(next, 1);
    deliver(next, 2);
    expect(next.of('ack')).toEqual([{ kind: 'ack', id: idOf(1) }]);
    expect((await relay.receive()).body[0]).toBe(2);
  });

  test(`${maxSeen} ids are remembered`, async () => {
    const { relay, socket } = await connected();
    for (let i = 0; i <= maxSeen; i++) {
      deliver(socket, i);
      await relay.receive();
    }
    const acks = socket.of('ack').length;
    deliver(socket, 1); // the oldest but one is known still
    expect(socket.of('ack').length).toBe(acks + 1);
    deliver(socket, 0); // and this one is not
    expect((await relay.receive()).body[0]).toBe(0);
  });

  test('what waited for a minute is dropped, unless it is a notice', async () => {
    const { relay, socket } = await connected();
    deliver(socket, 1);
    socket.frame('deliver', { id: idOf(2), token: fill(16), body: fill(3, 2), class: 1 });
    vi.setSystemTime(Date.now() + retention);
    expect(await relay.receive()).toEqual({ token: fill(16), body: fill(3, 2), notice: true });
  });

  test('more than 256 packets that nobody received end the connection, and only that', async () => {
    const { relay, socket } = await connected();
    for (let i = 0; i < 256; i++) deliver(socket, i);
    expect(socket.closed).toBeUndefined();
    deliver(socket, 256);
    expect(socket.closed).toBe('no code');
    expect((await relay.receive()).body[0]).toBe(0);
  });
});

describe('connections', () => {
  test('the admission is written first on each of them', async () => {
    const { relay, socket } = await connected();
    const admitted = relay.admit([fill(32, 5), fill(32, 6)]);
    await settle();
    socket.frame('result', { n: 1, code: 0 });
    await admitted;
    const opened = relay.admit([], true);
    void relay.send(packet()).catch(() => {});
    await settle();
    const next = await reconnected();
    expect(next.sent.map((f) => f.kind)).toEqual(['hello', 'admit', 'admit', 'send']);
    expect(next.of('admit')).toEqual([
      { kind: 'admit', n: 0, hashes: fill(0), open: true }, { kind: 'admit', n: 2, hashes: fill(0), open: true },
    ]);
    next.frame('result', { n: 2, code: 0 });
    await opened;
    expect(socket.of('hello')[0]!.reader).toEqual(next.of('hello')[0]!.reader);
  });

  test('the waits double, and begin anew after a connection that held', async () => {
    await connected();
    for (const wait of [250, 500, 1000, 2000]) {
      const n = made.length;
      made.at(-1)!.end(1001);
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(made.length).toBe(n);
      await vi.advanceTimersByTimeAsync(1);
      expect(made.length).toBe(n + 1);
    }
    await greet(made.at(-1)!);
    await vi.advanceTimersByTimeAsync(10_000);
    made.at(-1)!.end();
    await vi.advanceTimersByTimeAsync(250);
    expect(made.length).toBe(6);
  });

  test('silence is asked about, and a relay that stays silent is left', async () => {
    const { socket } = await connected();
    await vi.advanceTimersByTimeAsync(quietTimeout);
    expect(socket.of('ask').length).toBe(1);
    socket.frame('result', { n: 1, code: 3 });
    await vi.advanceTimersByTimeAsync(quietTimeout);
    expect(socket.of('ask').length).toBe(2);
    await vi.advanceTimersByTimeAsync(answerTimeout - 1);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(socket.closed).toBe('no code');
    await vi.advanceTimersByTimeAsync(250);
    expect(made.length).toBe(2);
  });

  test('a send that is not answered is noticed after its own time', async () => {
    const { relay, socket } = await connected();
    await vi.advanceTimersByTimeAsync(quietTimeout - 1);
    void relay.send(packet()).catch(() => {});
    await vi.advanceTimersByTimeAsync(answerTimeout - 1);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(socket.closed).toBe('no code');
  });
});

describe('state', () => {
  /** The states that a transport tells, from now on. */
  function told(relay: Relay): string[] {
    const states: string[] = [];
    relay.addEventListener('statechange', () => states.push(relay.state));
    return states;
  }

  test('each change is told once, however many attempts it takes', async () => {
    const { relay, socket } = await connected();
    const states = told(relay);
    expect(relay.state).toBe('connected');
    socket.end();
    expect(states).toEqual(['reconnecting']);
    for (let i = 1; i <= 3; i++) {
      await vi.advanceTimersToNextTimerAsync();
      expect(made.length).toBe(1 + i);
      if (i < 3) made[i]!.end();
    }
    made[3]!.open();
    expect(relay.state).toBe('reconnecting'); // the relay has not accepted the proof yet
    await greet(made[3]!);
    expect(states).toEqual(['reconnecting', 'connected']);
  });

  test('a path that dies without a word is told', async () => {
    const { relay } = await connected();
    const states = told(relay);
    await vi.advanceTimersByTimeAsync(quietTimeout + answerTimeout - 1);
    expect(states).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(states).toEqual(['reconnecting']);
  });

  test('close tells nothing, and may be called by who is told', async () => {
    const { relay, socket } = await connected();
    const states = told(relay);
    relay.addEventListener('statechange', () => relay.close());
    socket.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([states, made.length]).toEqual([['reconnecting'], 1]);
    expect(relay.state).toBe('reconnecting');
  });
});

describe('close', () => {
  test('ends what waits with closed, leaves with 1000 after the acknowledgements, and stays away', async () => {
    const { relay, socket } = await connected();
    deliver(socket, 1);
    await relay.receive();
    const waits = [relay.send(packet()), relay.receive(), relay.admit([]), relay.iceServers()];
    const all = Promise.all(waits.map((w) => expect(w).rejects.toEqual(fault('closed'))));
    await settle();
    relay.close();
    relay.close();
    await all;
    expect([socket.of('ack').length, socket.closed]).toEqual([1, 1000]);
    for (const call of [relay.send(packet()), relay.receive(), relay.admit([]), relay.iceServers(), relay.open()]) {
      await expect(call).rejects.toEqual(fault('closed'));
    }
    socket.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.length).toBe(1);
  });

  test('those in line for their turn end too', async () => {
    const { relay } = await connected();
    const sends = Array.from({ length: maxInFlight + 2 }, () => relay.send(packet()));
    const all = Promise.all(sends.map((w) => expect(w).rejects.toEqual(fault('closed'))));
    await settle();
    relay.close();
    await all;
  });

  test('while it reconnects', async () => {
    const { relay, socket } = await connected();
    socket.end();
    relay.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.length).toBe(1);
  });
});
