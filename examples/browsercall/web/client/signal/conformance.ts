/** For tests: what every transport must do, as Go's signal/signaltest asks it of those there. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../bytes.ts';
import { testMailbox, testToken, type TestMailbox } from './testmailbox.ts';
import {
  maxBody, maxNotice, maxTokens, type MailboxLike, type Packet, type SignalFault, type Transport,
} from './transport.ts';

/** Connects a mailbox, or a sender, to the one relay of a test. */
export type Dial = (m?: MailboxLike) => Promise<Transport>;

/** A mailbox that is open and admits one token. */
interface Party { transport: Transport; mailbox: TestMailbox; token: Uint8Array; packet(body: string): Packet }

const fault = (f: SignalFault) => expect.objectContaining({ name: 'SignalError', fault: f });

/**
 * Declares the checks. dial is of a relay that other tests may use too; gone waits until that has taken all that a transport
 * wrote before it was closed.
 */
export function conformance(dial: Dial, gone: (t: Transport) => Promise<unknown> = async () => {}): void {
  let opened: Transport[];
  beforeEach(() => void (opened = []));
  afterEach(() => opened.forEach((t) => t.close()));

  const connect = async (m?: MailboxLike) => {
    const t = await dial(m);
    opened.push(t);
    return t;
  };
  const owner = async (): Promise<Party> => {
    const mailbox = await testMailbox();
    const { token, hash } = testToken();
    const transport = await connect(mailbox);
    await transport.admit([hash]);
    return { transport, mailbox, token, packet: (b) => ({ to: mailbox.address, token, body: utf8(b) }) };
  };
  const pair = async () => ({ to: await owner(), from: await connect() });
  const next = async (t: Transport) => fromUtf8((await t.receive()).body);

  test('delivery', async () => {
    const { to, from } = await pair();
    await from.send(to.packet('hello'));
    expect(await to.transport.receive()).toEqual({ token: to.token, body: utf8('hello') });
  });

  test('what is sent is stored before anybody receives', async () => {
    const { to, from } = await pair();
    for (let i = 0; i < 10; i++) await from.send(to.packet(`${i}`));
    from.close();
    for (let i = 0; i < 10; i++) expect(await next(to.transport)).toBe(`${i}`);
  });

  test('order of each sender', async () => {
    const to = await owner();
    const senders = await Promise.all([connect(), connect(), connect()]);
    const sent = Promise.all(senders.map(async (t, s) => {
      for (let i = 0; i < 40; i++) await t.send(to.packet(`${s} ${i}`));
    }));
    const due = [0, 0, 0];
    for (let i = 0; i < 120; i++) {
      const [s, n] = (await next(to.transport)).split(' ').map(Number) as [number, number];
      expect(n).toBe(due[s]!++);
    }
    await sent;
  });

  test('limits of size', async () => {
    const { to, from } = await pair();
    await from.send({ ...to.packet(''), body: new Uint8Array(maxBody) });
    expect((await to.transport.receive()).body.length).toBe(maxBody);
    await expect(from.send({ ...to.packet(''), body: new Uint8Array(maxBody + 1) })).rejects.toEqual(fault('tooLarge'));
    await expect(from.send(to.packet(''))).rejects.toEqual(fault('invalid'));
    const notice = { ...to.packet(''), body: new Uint8Array(maxNotice + 1), notice: true };
    await expect(from.send(notice)).rejects.toEqual(fault('tooLarge'));
  });

  test('a body is not kept, and those of two readers are not shared', async () => {
    const { to, from } = await pair();
    const second = await connect(to.mailbox);
    const p = to.packet('as it was');
    const sent = from.send(p);
    p.body.fill(0);
    await sent;
    (await to.transport.receive()).body.fill(0);
    expect(await next(second)).toBe('as it was');
  });

  test('a notice says that it is one', async () => {
    const { to, from } = await pair();
    await from.send({ ...to.packet('missed'), notice: true });
    expect(await to.transport.receive()).toEqual({ token: to.token, body: utf8('missed'), notice: true });
  });

  test('answers tell nothing: unknown mailbox, wrong token, nobody reads', async () => {
    const { to, from } = await pair();
    const absent = await owner();
    absent.transport.close();
    await from.send({ ...to.packet('x'), to: (await testMailbox()).address });
    await from.send({ ...to.packet('wrong token'), token: testToken().token });
    await from.send(absent.packet('x'));
    await from.send(to.packet('right token'));
    expect(await next(to.transport)).toBe('right token');
  });

  test('tokens are replaced', async () => {
    const { to, from } = await pair();
    const { token, hash } = testToken();
    await to.transport.admit([hash]);
    await from.send(to.packet('revoked'));
    await from.send({ ...to.packet('new'), token });
    expect(await next(to.transport)).toBe('new');
  });

  test('what was sent before its token was admitted arrives then', async () => {
    const { to, from } = await pair();
    const { token, hash } = testToken();
    await from.send({ ...to.packet('early'), token });
    await to.transport.admit([hash]);
    expect(await next(to.transport)).toBe('early');
  });

  test('an open mailbox takes any token', async () => {
    const { to, from } = await pair();
    await to.transport.admit([], true);
    await from.send({ ...to.packet('any'), token: testToken().token });
    expect(await next(to.transport)).toBe('any');
  });

  test('limits of admission', async () => {
    const { to, from } = await pair();
    const { token, hash } = testToken();
    const many = [...Array.from({ length: maxTokens - 1 }, () => testToken().hash), hash];
    await expect(to.transport.admit([...many, hash])).rejects.toEqual(fault('tooLarge'));
    await expect(to.transport.admit([hash.subarray(1)])).rejects.toEqual(fault('invalid'));
    await to.transport.admit(many);
    await from.send({ ...to.packet('the last of many'), token });
    expect(await next(to.transport)).toBe('the last of many');
  });

  test('several readers get everything', async () => {
    const { to, from } = await pair();
    const second = await connect(to.mailbox);
    for (let i = 0; i < 20; i++) await from.send(to.packet(`${i}`));
    for (const t of [to.transport, second]) for (let i = 0; i < 20; i++) expect(await next(t)).toBe(`${i}`);
  });

  test('abort ends a wait, and costs no packet', async () => {
    const { to, from } = await pair();
    const abort = new AbortController();
    const wait = expect(to.transport.receive(abort.signal)).rejects.toThrow('enough');
    abort.abort(new Error('enough'));
    await wait;
    await expect(from.send(to.packet('x'), abort.signal)).rejects.toThrow('enough');
    await from.send(to.packet('y'));
    expect(await next(to.transport)).toBe('y');
  });

  test('close ends what waits, and what comes after', async () => {
    const { to } = await pair();
    const wait = expect(to.transport.receive()).rejects.toEqual(fault('closed'));
    to.transport.close();
    to.transport.close();
    await wait;
    for (const call of [to.transport.send(to.packet('x')), to.transport.receive(), to.transport.admit([])]) {
      await expect(call).rejects.toEqual(fault('closed'));
    }
  });

  test('what a closed reader had received does not come again', async () => {
    const { to, from } = await pair();
    for (const b of ['1', '2']) await from.send(to.packet(b));
    expect(await next(to.transport)).toBe('1');
    to.transport.close();
    await gone(to.transport);
    expect(await next(await connect(to.mailbox))).toBe('2');
  });

  test('concurrent senders and readers lose nothing', async () => {
    const { to, from } = await pair();
    const got = new Set<string>();
    const readers = Array.from({ length: 100 }, () => next(to.transport).then((b) => got.add(b)));
    await Promise.all(Array.from({ length: 100 }, (_, i) => from.send(to.packet(`${i}`))));
    await Promise.all(readers);
    expect(got.size).toBe(100);
  });

  test('open connects a mailbox, or a sender, by the name of the relay', async () => {
    const { from } = await pair();
    const mailbox = await testMailbox();
    const { token, hash } = testToken();
    const mine = await from.open(mailbox, from.relay);
    const sender = await mine.open();
    opened.push(mine, sender);
    await mine.admit([hash]);
    await sender.send({ to: mailbox.address, token, body: utf8('within a call') });
    expect(await next(mine)).toBe('within a call');
    await expect(sender.admit([hash])).rejects.toEqual(fault('noMailbox'));
  });

  test('who does not own a mailbox does not read it', async () => {
    const { to } = await pair();
    const thief = { publicKeys: to.mailbox.publicKeys, answer: (await testMailbox()).answer };
    await expect(connect(thief)).rejects.toEqual(fault('rejected'));
  });
}
