/** What tests of the group share: identities whose keys do not leave WebCrypto. */
import { concat, random, source } from '../bytes.ts';
import type { Own } from './profile.ts';

async function ed25519(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
}

async function raw(k: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', k));
}

async function x25519(): Promise<Uint8Array> {
  return raw(((await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair).publicKey);
}

/** A binding with good keys; the creator's answers no Invite. */
export async function generateBinding(creates: boolean): Promise<Own['binding']> {
  const box = { ed25519: await raw((await ed25519()).publicKey), hpke: await x25519(), token: random(16) };
  return { dtls: random(32), invite: creates ? new Uint8Array(32) : random(32), box };
}

/** An identity with a non-extractable signature key, and a binding. */
export async function generateOwn(creates: boolean): Promise<Own> {
  const pair = await ed25519();
  const publicKey = await raw(pair.publicKey);
  const sign = async (m: Uint8Array) => new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, source(m)));
  return { id: concat(publicKey, await x25519()), signer: { publicKey, sign }, binding: await generateBinding(creates) };
}
