import { readFileSync } from 'node:fs';
import { joinGroup, makePskIndex, type ClientState } from 'ts-mls/clientState.js';
import { defaultClientConfig } from 'ts-mls/clientConfig.js';
import { refhash } from 'ts-mls/crypto/hash.js';
import { decryptWithLabel, encryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { deriveSecret, deriveTreeSecret, expandWithLabel } from 'ts-mls/crypto/kdf.js';
import { signWithLabel, verifyWithLabel } from 'ts-mls/crypto/signature.js';
import { decodeMlsMessage } from 'ts-mls/message.js';
import { processPrivateMessage, processPublicMessage } from 'ts-mls/processMessages.js';
import { bytesToBase64 } from 'ts-mls/util/byteArray.js';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, hex, source } from '../bytes.ts';
import { readMessage } from './message.ts';
import { noKey, publicOf, suiteFor, type Signer } from './suite.ts';

const testdata = (name: string): string =>
  readFileSync(new URL(`../../../../../e2ee/mls/testdata/${name}.json`, import.meta.url), 'utf8');

type Fields = Record<string, string> & { generation: number; length: number };
interface Basics { cipher_suite: number; [operation: string]: unknown }
interface Passive {
  cipher_suite: number;
  external_psks: { psk_id: string; psk: string }[];
  key_package: string; encryption_priv: string; init_priv: string;
  welcome: string; initial_epoch_authenticator: string;
  epochs: { proposals: string[]; commit: string; epoch_authenticator: string }[];
}

const nobody: Signer = { publicKey: new Uint8Array(32), sign: () => Promise.reject(new Error('nobody signs')) };
const cs = suiteFor(nobody);
const suite3 = <T extends { cipher_suite: number }>(list: T[]): T => list.find((v) => v.cipher_suite === 3)!;

/** An Ed25519 seed as PKCS #8 (RFC 8410, section 7). */
async function signerOf(seed: Uint8Array, publicKey: Uint8Array): Promise<Signer> {
  const der = concat(fromHex('302e020100300506032b657004220420'), seed);
  const key = await crypto.subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign']);
  return { publicKey, sign: async (m) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, source(m))) };
}

describe('the vectors of suite 3', () => {
  const basics = suite3(JSON.parse(testdata('crypto-basics')) as Basics[]);
  const of = (operation: string) => basics[operation] as Fields;
  const bytes = (operation: string, field: string) => fromHex(of(operation)[field]!);

  it('derive and expand', async () => {
    const d = await deriveSecret(bytes('derive_secret', 'secret'), of('derive_secret')['label']!, cs.kdf);
    expect(hex(d)).toBe(of('derive_secret')['out']);
    const t = of('derive_tree_secret');
    expect(hex(await deriveTreeSecret(fromHex(t['secret']!), t['label']!, t.generation, t.length, cs.kdf))).toBe(t['out']);
    const e = of('expand_with_label');
    expect(hex(await expandWithLabel(fromHex(e['secret']!), e['label']!, fromHex(e['context']!), e.length, cs.kdf))).toBe(e['out']);
    const r = of('ref_hash');
    expect(hex(await refhash(r['label']!, fromHex(r['value']!), cs.hash))).toBe(r['out']);
  });

  it('sign, with the Signer and not with the key that the library hands over', async () => {
    const s = of('sign_with_label');
    const own = suiteFor(await signerOf(fromHex(s['priv']!), fromHex(s['pub']!)));
    const made = await signWithLabel(noKey, s['label']!, fromHex(s['content']!), own.signature);
    expect(hex(made)).toBe(s['signature']);
    const verify = (sig: Uint8Array) => verifyWithLabel(fromHex(s['pub']!), s['label']!, fromHex(s['content']!), sig, own.signature);
    expect(await verify(made)).toBe(true);
    expect(await verify(made.map((b, i) => (i === 5 ? b ^ 1 : b)))).toBe(false);
    const small = new Uint8Array(32).fill(1, 0, 1); // the neutral element verifies R = it, S = 0 under a lax check
    expect(await own.signature.verify(small, fromHex(s['content']!), concat(small, new Uint8Array(32)))).toBe(false);
  });

  it('encrypt, and refuse what does not open', async () => {
    const e = of('encrypt_with_label');
    const open = async (kem: Uint8Array, ct: Uint8Array) => decryptWithLabel(
      await cs.hpke.importPrivateKey(fromHex(e['priv']!)), e['label']!, fromHex(e['context']!), kem, ct, cs.hpke);
    expect(hex(await open(fromHex(e['kem_output']!), fromHex(e['ciphertext']!)))).toBe(e['plaintext']);
    const key = await cs.hpke.importPublicKey(fromHex(e['pub']!));
    const sealed = await encryptWithLabel(key, e['label']!, fromHex(e['context']!), fromHex(e['plaintext']!), cs.hpke);
    expect(hex(await open(sealed.enc, sealed.ct))).toBe(e['plaintext']);
    await expect(open(sealed.enc, sealed.ct.fill(0, 0, 4))).rejects.toMatchObject({ refusal: 'authentication' });
    await expect(open(new Uint8Array(32), fromHex(e['ciphertext']!))).rejects.toMatchObject({ refusal: 'authentication' });
    expect(hex(await publicOf(fromHex(e['priv']!)))).toBe(e['pub']);
  });

  it('follow a group through its epochs', async () => {
    const v = suite3(JSON.parse(testdata('passive-client')) as Passive[]);
    const psks = Object.fromEntries(v.external_psks.map((p) => [bytesToBase64(fromHex(p.psk_id)), fromHex(p.psk)]));
    const { keyPackage } = readMessage(fromHex(v.key_package), 'mls_key_package', 1 << 16);
    const { welcome } = readMessage(fromHex(v.welcome), 'mls_welcome', 1 << 16);
    const keys = { initPrivateKey: fromHex(v.init_priv), hpkePrivateKey: fromHex(v.encryption_priv), signaturePrivateKey: noKey };
    let state = await joinGroup(welcome, keyPackage, keys, makePskIndex(undefined, psks), cs, undefined, undefined, defaultClientConfig);
    expect(hex(state.keySchedule.epochAuthenticator)).toBe(v.initial_epoch_authenticator);
    // The commit after the fifth sets external_senders, which the library reads as one sender instead of a vector of them
    // (section 12.1.8.1). Calls have no GroupContext extensions.
    const readable = v.epochs.slice(0, 5);
    for (const [i, e] of readable.entries()) {
      for (const p of [...e.proposals, e.commit]) state = await after(state, fromHex(p), psks);
      expect(hex(state.keySchedule.epochAuthenticator), `epoch ${i}`).toBe(e.epoch_authenticator);
    }
    expect([readable.length, v.epochs.length]).toEqual([5, 8]);
  });
});

async function after(state: ClientState, message: Uint8Array, psks: Record<string, Uint8Array>): Promise<ClientState> {
  const m = decodeMlsMessage(message, 0)?.[0];
  const find = makePskIndex(state, psks);
  if (m?.wireformat === 'mls_private_message') {
    return (await processPrivateMessage(state, m.privateMessage, find, cs)).newState;
  }
  if (m?.wireformat === 'mls_public_message') {
    return (await processPublicMessage(state, m.publicMessage, find, cs)).newState;
  }
  throw new Error('a message of another kind');
}
