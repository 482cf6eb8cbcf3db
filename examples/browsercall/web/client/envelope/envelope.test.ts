import { beforeAll, describe, expect, test } from 'vitest';
import { concat, random, u32, utf8 } from '../bytes.ts';
import { addressOf, boxOf, type Box } from '../identity/id.ts';
import { Identity } from '../identity/identity.ts';
import { Mailbox } from '../identity/mailbox.ts';
import { Malformed, encode, record, type Value } from '../wire.ts';
import { envelopeFormat, noticeFormat, sealTo, textFormat } from './format.ts';
import { hpkeSeal } from './hpke.ts';
import { encodePayload, maxBody, maxTime, messageTypes, signPayload, type Draft } from './message.ts';

let alice: Identity;
let bob: Identity;
let mallory: Identity;
let mailbox: Mailbox;

beforeAll(async () => {
  [alice, bob, mallory] = await Promise.all([Identity.generate(), Identity.generate(), Identity.generate()]);
  mailbox = await Mailbox.create();
});

function draft(change: Partial<Draft> = {}): Draft {
  return { to: bob.id, call: random(32), seq: 0, time: 1_800_000_000_000, type: 1, body: random(10), ...change };
}

describe('envelopes', () => {
  test('what is sealed is opened, padded to three sizes', async () => {
    const lengths: number[] = [];
    for (const size of [0, 3600, 3900, 16000, 16300, maxBody]) {
      const m = draft({ body: random(size), ref: random(32) });
      const { box, hash } = await alice.seal(mailbox.box, m);
      lengths.push(box.length);
      expect(await mailbox.open(box, bob.id)).toEqual({ message: { ...m, from: alice.id }, hash });
    }
    expect(lengths).toEqual([4145, 4145, 16433, 16433, 61489, 61489]);
  });

  test('every bit of the first kilobyte matters, and every length', async () => {
    const { box } = await alice.seal(mailbox.box, draft());
    for (let at = 0; at < 1024; at += 7) {
      const bad = box.slice();
      bad[at]! ^= 1 << at % 8;
      await expect(mailbox.open(bad, bob.id)).rejects.toThrow(at === 0 ? Malformed : /does not open/);
    }
    for (const n of [0, 1, 33, 49, 1024, box.length - 1]) await expect(mailbox.open(box.slice(0, n),
      bob.id)).rejects.toThrow(Malformed);
    await expect(mailbox.open(concat(box, random(1)), bob.id)).rejects.toThrow(Malformed);
    await expect(mailbox.open(new Uint8Array(70000).fill(1), bob.id)).rejects.toThrow(Malformed);
  });

  test('another mailbox, another recipient, an encapsulated key of low order', async () => {
    const { box } = await alice.seal(mailbox.box, draft());
    await expect((await Mailbox.create()).open(box, bob.id)).rejects.toMatchObject({ refusal: 'notSealedToUs' });
    await expect(mailbox.open(box, mallory.id)).rejects.toMatchObject({ refusal: 'wrongRecipient' });
    const low = box.slice().fill(0, 1, 33);
    await expect(mailbox.open(low, bob.id)).rejects.toMatchObject({ refusal: 'notSealedToUs' });
  });

  test('an envelope passed on to another mailbox of the same HPKE key does not open', async () => {
    const other: Box = { ...mailbox.box, ed25519: alice.id.slice(0, 32) };
    const signed = await signPayload(alice.signer, encodePayload(alice.id, draft()));
    await expect(mailbox.open(await sealTo(envelopeFormat, other, signed),
      bob.id)).rejects.toMatchObject({ refusal: 'notSealedToUs' });
  });

  test('a signature of somebody else, of other bytes or under another label', async () => {
    const payload = encodePayload(alice.id, draft());
    const sealed = async (sig: Uint8Array, p = payload): Promise<Uint8Array> => sealTo(envelopeFormat, mailbox.box,
      encode([p, sig]));
    const label = utf8('sotto/v1 message\0');
    const good = await alice.signer.sign(concat(label, payload));
    await mailbox.open(await sealed(good), bob.id);
    const bad = [
      await sealed(await mallory.signer.sign(concat(label, payload))),
      await sealed(good, encodePayload(alice.id, draft())),
      await sealed(await alice.signer.sign(payload)),
      await sealed(good.subarray(0, 63)),
      await sealed(new Uint8Array(64)),
    ];
    for (const box of bad) await expect(mailbox.open(box, bob.id)).rejects.toMatchObject({ refusal: 'signature' });
  });

  test('padding has one form', async () => {
    const signed = await signPayload(alice.signer, encodePayload(alice.id, draft()));
    const seal = async (padded: Uint8Array): Promise<Uint8Array> =>
      concat(Uint8Array.of(1), await hpkeSeal(mailbox.box.hpke, envelopeFormat.info, addressOf(mailbox.box), padded));
    const padded = (n: number, size: number, last = 0): Uint8Array => {
      const out = new Uint8Array(size);
      out.set(concat(u32(n), signed));
      out[size - 1] = last;
      return out;
    };
    await mailbox.open(await seal(padded(signed.length, 4096)), bob.id);
    const bad = [padded(signed.length, 4096, 1), padded(signed.length, 16384), padded(4093, 4096),
      padded(0xffffffff, 4096), padded(signed.length, 4095)];
    for (const b of bad) await expect(mailbox.open(await seal(b), bob.id)).rejects.toThrow(Malformed);
    const shorter = padded(signed.length - 1, 4096); // its CBOR is cut, and a byte of it lies in the padding
    await expect(mailbox.open(await seal(shorter), bob.id)).rejects.toThrow(Malformed);
  });

  test('payloads of other shapes, though signed', async () => {
    const good: Record<number, Value> = { 1: alice.id, 2: bob.id, 3: random(32), 4: 0, 5: 1, 6: 1, 7: random(3) };
    const open = async (payload: Uint8Array): Promise<unknown> =>
      mailbox.open(await sealTo(envelopeFormat, mailbox.box, await signPayload(alice.signer, payload)), bob.id);
    await open(encode(record(good)));
    const changes: Record<number, Value | undefined>[] = [
      { 1: undefined }, { 7: undefined }, { 9: 0 }, { 0: 0 }, { 3: random(31) }, { 8: random(31) },
      { 8: new Uint8Array(0) }, { 4: true },
      { 5: maxTime + 1 }, { 2: 'bob' }, { 6: [1] }, { 7: 'text' },
    ];
    for (const change of changes) await expect(open(encode(record({ ...good, ...change })))).rejects.toThrow(Malformed);
    const late = Uint8Array.from([...encode(record(good)), 0]);
    await expect(open(late)).rejects.toThrow(Malformed);
    await expect(open(new Uint8Array(0))).rejects.toThrow(Malformed);
    const signed = await signPayload(alice.signer, encode(record(good)));
    for (const b of [encode([signed]), encode(signed), encode([1, 2]), concat(signed, random(1))]) {
      await expect(mailbox.open(await sealTo(envelopeFormat, mailbox.box, b), bob.id)).rejects.toThrow(Malformed);
    }
  });

  test('a sender with a weak key', async () => {
    const weak = concat(new Uint8Array(32), alice.id.subarray(32));
    const payload = encode(record({ 1: weak, 2: bob.id, 3: random(32), 4: 0, 5: 1, 6: 1, 7: random(3) }));
    const box = await sealTo(envelopeFormat, mailbox.box, encode([payload, new Uint8Array(64)]));
    await expect(mailbox.open(box, bob.id)).rejects.toMatchObject({ refusal: 'weakKey' });
  });

  test('missed calls travel in notices alone, nothing else does, and text letters are no envelopes', async () => {
    const sign = async (m: Draft): Promise<Uint8Array> => signPayload(alice.signer, encodePayload(alice.id, m));
    const missed = await sign(draft({ type: messageTypes.missedCall, body: encode(new Map()) }));
    const invite = await sign(draft());
    await mailbox.open(await sealTo(noticeFormat, mailbox.box, missed), bob.id);
    for (const box of [await sealTo(envelopeFormat, mailbox.box, missed),
      await sealTo(noticeFormat, mailbox.box, invite), await sealTo(textFormat, mailbox.box, invite)]) {
      await expect(mailbox.open(box, bob.id)).rejects.toThrow(Malformed);
    }
    // The first byte is not authenticated by itself; the info that goes with it is.
    const relabelled = await sealTo(noticeFormat, mailbox.box, missed);
    relabelled[0] = 1;
    await expect(mailbox.open(relabelled, bob.id)).rejects.toThrow(Malformed);
  });

  test('what a receiver would refuse is not sealed', async () => {
    const weak = { ...mailbox.box, hpke: new Uint8Array(32) };
    await expect(alice.seal(weak, draft())).rejects.toMatchObject({ refusal: 'weakKey' });
    await expect(alice.seal({ ...mailbox.box, hpke: random(1216) }, draft())).rejects.toThrow(Malformed);
    await expect(alice.seal(mailbox.box, draft({ body: random(maxBody + 1) }))).rejects.toMatchObject({ refusal: 'tooLarge' });
    const bad: Partial<Draft>[] = [{ to: new Uint8Array(64) }, { call: random(16) }, { seq: -1 },
      { time: maxTime + 1 }, { time: 1.5 }, { ref: random(5) }, { type: NaN }];
    for (const change of bad) await expect(alice.seal(mailbox.box, draft(change))).rejects.toThrow();
  });

  test('errors hold nothing of what was refused', async () => {
    const secret = utf8('a very secret word');
    const payload = encode(record({ 1: alice.id, 2: bob.id, 3: random(32), 4: 0, 5: 1, 6: 1, 7: secret,
      9: 'a very secret word' }));
    const box = await sealTo(envelopeFormat, mailbox.box, await signPayload(alice.signer, payload));
    const e = await mailbox.open(box, bob.id).catch((e: unknown) => e as Error);
    expect(e).toBeInstanceOf(Malformed);
    expect(String(e) + String((e as Error).cause)).not.toContain('secret');
  });

  test('after destroy nothing opens', async () => {
    const m = await Mailbox.create();
    const { box } = await alice.seal(m.box, draft());
    m.destroy();
    await expect(m.open(box, bob.id)).rejects.toMatchObject({ refusal: 'destroyed' });
    await expect(alice.seal(boxOf(bob.id), draft())).resolves.toBeDefined();
  });
});
