// A call for nobody, so that the first real one is quick.

import { random } from '../bytes.ts';
import { Identity } from '../identity/identity.ts';
import type { Binding, OwnIdentity, Parts } from './ports.ts';

let rehearsed: Promise<void> | undefined;

/**
 * Founds a group of two and joins it, once in the life of a page, with keys that nobody has. A browser runs code
 * several times slower at first than later: joining the first group held up a call's first picture by 100 ms. It
 * takes the time while nothing rings. Never rejects: what does not work here will say so in the call.
 */
export function rehearse(parts: Pick<Parts, 'groups' | 'mailbox'>): Promise<void> {
  rehearsed ??= play(parts).catch(() => undefined);
  return rehearsed;
}

async function play(parts: Pick<Parts, 'groups' | 'mailbox'>): Promise<void> {
  const [groups, caller, callee] = await Promise.all([parts.groups(), Identity.generate(), Identity.generate()]);
  const call = random(32);
  const peers = [caller.id, callee.id];
  const [a, b] = [await member(parts, caller), await member(parts, callee)];
  const own = await groups.keyPackage(b);
  const founded = await groups.create({ ...a, call, peers });
  const { welcome } = await founded.add(own.message);
  const joined = await groups.join(welcome, own, { call, peers });
  await joined.export('SFrame 1.0 Base Key', new Uint8Array(0), 32);
  await founded.handle(await joined.protect(random(64)));
  founded.destroy();
  joined.destroy();
}

async function member(parts: Pick<Parts, 'mailbox'>, who: OwnIdentity) {
  const mailbox = await parts.mailbox();
  const binding: Binding = { dtls: random(32), invite: random(32), box: mailbox.box };
  mailbox.destroy();
  return { id: who.id, signer: who.signer, binding };
}
