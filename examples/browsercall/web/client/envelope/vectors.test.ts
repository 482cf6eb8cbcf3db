import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fromHex, hex } from '../bytes.ts';
import { emoji } from '../identity/emoji.ts';
import { Refused } from '../identity/errors.ts';
import { fixedIdentity, fixedKeys } from '../identity/fixed.ts';
import { addressOf, boxOf, checkID } from '../identity/id.ts';
import { Mailbox } from '../identity/mailbox.ts';
import { sas, sasCommit } from '../identity/sas.ts';
import { formatID, parseID, safetyNumber } from '../identity/text.ts';
import { Malformed } from '../wire.ts';
import { Card } from './card.ts';
import { sealTo, noticeFormat, envelopeFormat } from './format.ts';
import { Invitation } from './invitation.ts';
import { encodePayload, signPayload } from './message.ts';
import { parseRevocation, revoke } from './revocation.ts';

interface Vectors {
  identities: Record<'ed25519_seed' | 'x25519_private' | 'id' | 'text' | 'mailbox_address' | 'relay_origin' | 'relay_challenge' | 'relay_answer', string>[];
  safety_numbers: { a: string; b: string; number: string }[];
  sas: (Record<'call' | 'nonce_a' | 'nonce_b' | 'commit' | 'h_invite' | 'h_accept' | 'sas',
    string> & { emoji: string[] })[];
  contact_uris: { id: string; name: string; relays: string[] | null; token: string; uri: string }[];
  invitation_uris: { uri: string; token: string; secret: string; expires_unix: number }[];
  envelopes: (Record<'kind' | 'mailbox_hpke_private' | 'mailbox_ed25519_seed' | 'box' | 'from' | 'to' | 'call' | 'body' | 'signed' | 'payload_hash', string> & {
    seq: number; time_ms: number; type: number; ref?: string;
  })[];
  revocations: { statement: string; id: string; time_ms: number; replaced_by?: string }[];
  refused_ids: { id: string; why: string }[];
}

const file = new URL('../../../../../e2ee/testdata/vectors.json', import.meta.url);
const v = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

describe('vectors shared with Go', () => {
  test('the file holds what is tested below', () => {
    const counts = Object.entries(v).map(([k, list]) => [k, (list as unknown[]).length]);
    expect(Object.fromEntries(counts)).toEqual({
      identities: 3, safety_numbers: 3, sas: 3, contact_uris: 3, invitation_uris: 1, envelopes: 5, revocations: 2,
      refused_ids: 19,
    });
  });

  test.each(v.identities)('identity $text', async (x) => {
    const id = await fixedIdentity(fromHex(x.ed25519_seed), fromHex(x.x25519_private));
    expect(hex(id.id)).toBe(x.id);
    expect(formatID(id.id)).toBe(x.text);
    expect(x.text.length).toBe(116);
    for (const s of [x.text, x.text.toUpperCase()]) expect(hex(parseID(s))).toBe(x.id);
    expect(hex(addressOf(boxOf(id.id)))).toBe(x.mailbox_address);
    expect(hex(id.mailbox().address)).toBe(x.mailbox_address);
    expect(hex(await id.mailbox().answer(x.relay_origin, fromHex(x.relay_challenge)))).toBe(x.relay_answer);
  });

  test.each(v.safety_numbers)('safety number $number', async (x) => {
    expect(await safetyNumber(fromHex(x.a), fromHex(x.b))).toBe(x.number);
    expect(await safetyNumber(fromHex(x.b), fromHex(x.a))).toBe(x.number);
    expect(x.number.length).toBe(60);
  });

  test.each(v.sas)('emoji $emoji', (x) => {
    expect(hex(sasCommit(fromHex(x.call), fromHex(x.nonce_a)))).toBe(x.commit);
    const s = sas(fromHex(x.nonce_a), fromHex(x.nonce_b), fromHex(x.h_invite), fromHex(x.h_accept));
    expect(hex(s)).toBe(x.sas);
    expect(emoji(s).map((e) => `${e.symbol} ${e.name}`)).toEqual(x.emoji);
  });

  test.each(v.contact_uris)('card $uri', (x) => {
    expect(new Card(fromHex(x.id), { name: x.name, relays: x.relays ?? [] },
      x.token ? fromHex(x.token) : undefined).uri()).toBe(x.uri);
    const c = Card.parse(x.uri);
    expect([hex(c.id), c.name, c.relays, hex(c.token ?? fromHex(''))]).toEqual([x.id, x.name, x.relays ?? [], x.token]);
  });

  test.each(v.invitation_uris)('invitation $uri', (x) => {
    const i = Invitation.parse(x.uri);
    expect([hex(i.secret.token), hex(i.secret.secret), i.expires]).toEqual([x.token, x.secret, x.expires_unix * 1000]);
    expect(i.uri()).toBe(x.uri);
    expect(Invitation.is(x.uri)).toBe(true);
  });

  test.each(v.envelopes.map((x, i) => ({ ...x, i })))('envelope $i, $kind', async (x) => {
    const keys = await fixedKeys(fromHex(x.mailbox_ed25519_seed), fromHex(x.mailbox_hpke_private).slice(0, 32));
    const mailbox = new Mailbox(keys, new Uint8Array(16));
    if (x.kind === 'hybrid') {
      // X25519 + ML-KEM-768 is for Go alone: its box is of a size that no envelope here has.
      await expect(mailbox.open(fromHex(x.box), fromHex(x.to))).rejects.toThrow(Malformed);
      return;
    }
    const { message: m, hash } = await mailbox.open(fromHex(x.box), fromHex(x.to));
    const body = { seq: x.seq, time: x.time_ms, type: x.type, body: fromHex(x.body),
      ...(x.ref && { ref: fromHex(x.ref) }) };
    expect(m).toEqual({ from: fromHex(x.from), to: fromHex(x.to), call: fromHex(x.call), ...body });
    expect(hex(hash)).toBe(x.payload_hash);
    // What is signed is deterministic: the sender of the vector signs the same bytes again.
    const first = v.identities[0]!;
    const sender = await fixedIdentity(fromHex(first.ed25519_seed), fromHex(first.x25519_private));
    const signed = await signPayload(sender.signer, encodePayload(sender.id, m));
    expect(hex(signed)).toBe(x.signed);
    const again = await sealTo(x.kind === 'notice' ? noticeFormat : envelopeFormat, mailbox.box, signed);
    expect(again.length * 2).toBe(x.box.length);
    expect(hex((await mailbox.open(again, m.to)).hash)).toBe(x.payload_hash);
  });

  test('of the envelopes three are X25519, one is hybrid, one a notice', () => {
    expect(v.envelopes.map((x) => x.kind)).toEqual(['x25519', 'x25519', 'x25519', 'hybrid', 'notice']);
  });

  test.each(v.revocations)('revocation $id', async (x) => {
    const r = await parseRevocation(fromHex(x.statement));
    expect([hex(r.id), r.time, r.replacedBy && hex(r.replacedBy)]).toEqual([x.id, x.time_ms, x.replaced_by]);
    const [old, next] = await Promise.all(v.identities.map((i) => fixedIdentity(fromHex(i.ed25519_seed),
      fromHex(i.x25519_private))));
    expect(hex(await revoke(old!, x.time_ms, x.replaced_by ? next : undefined))).toBe(x.statement);
  });

  test.each(v.refused_ids)('refused: $why', (x) => {
    expect(() => checkID(fromHex(x.id))).toThrow(Refused);
    try {
      checkID(fromHex(x.id));
    } catch (e) {
      expect((e as Refused).refusal).toBe('weakKey');
    }
  });
});
