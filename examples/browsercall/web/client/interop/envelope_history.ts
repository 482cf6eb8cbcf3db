/** Envelopes between a person here and one in Go, with random messages. */
import { expect } from 'vitest';
import { hex, random } from '../bytes.ts';
import { maxBody, messageTypes, type Draft } from '../envelope/message.ts';
import { boxOf, type ID } from '../identity/id.ts';
import { Identity } from '../identity/identity.ts';
import { Mailbox } from '../identity/mailbox.ts';
import { bytesOf, type Fields, type Peer } from './peer.ts';

type Roll = (n: number) => number;

/** What somebody may say, but notices, which have boxes of their own. Most messages are short, some as long as they may be. */
function draft(to: ID, r: Roll): Draft {
  const size = [0, r(100), r(4000), r(maxBody + 1), maxBody][r(5)]!;
  const m = { to, call: random(32), seq: r(2 ** 31), time: r(2 ** 31) * 100, type: r(messageTypes.missedCall), body: random(size) };
  return r(2) === 0 ? m : { ...m, ref: random(32) };
}

const empty = '';
const textOf = (f: Fields, name: string) => Buffer.from((f[name] as string | null | undefined) ?? empty, 'base64').toString('hex');

/** What Go has opened is what was sealed here. */
function sameThere(f: Fields, from: ID, m: Draft): void {
  expect(textOf(f, 'from')).toBe(hex(from));
  expect([textOf(f, 'to'), textOf(f, 'call'), textOf(f, 'body'), textOf(f, 'ref')]).toEqual(
    [hex(m.to), hex(m.call), hex(m.body), m.ref ? hex(m.ref) : empty]);
  expect([f['seq'], f['time'], f['type']]).toEqual([m.seq, m.time, m.type]);
}

/** Two write to each other, to the mailbox of the person and to one of a call; gives how many envelopes were opened. */
export async function correspond(peer: Peer, name: string, r: Roll): Promise<number> {
  const alice = await Identity.generate();
  const who = `correspondent ${name}`;
  const bob = bytesOf(await peer.request('person', { who }), 'publicID');
  const mailbox = await Mailbox.create();
  for (const [box, open] of [[boxOf(alice.id), alice.mailbox()], [mailbox.box, mailbox]] as const) {
    const ours = draft(bob, r);
    const sealed = await alice.seal(boxOf(bob), ours);
    const there = await peer.request('open', { who, box: sealed.box });
    expect(bytesOf(there, 'hash')).toEqual(sealed.hash);
    sameThere(there, alice.id, ours);

    const message = draft(alice.id, r);
    const back = await peer.request('seal', { who, box, message });
    const here = await open.open(bytesOf(back, 'box'), alice.id);
    expect(here.hash).toEqual(bytesOf(back, 'hash'));
    expect(here.message).toEqual({ ...message, from: bob });
  }
  return 4;
}
