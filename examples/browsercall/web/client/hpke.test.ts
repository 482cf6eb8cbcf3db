import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { describe, expect, it } from 'vitest';
import { hex, random } from './bytes.ts';
import { derivePrivateKey, exportPrivateKey, importPrivateKey, open, publicHandle, publicKeyOf, seal, tagSize } from './hpke.ts';

// Another implementation, which nobody here wrote. The Go side's is a third: envelope/interop.test.ts and interop/.
const kem = new DhkemX25519HkdfSha256();
const other = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });

async function recipient() {
  const privateKey = await importPrivateKey(derivePrivateKey(random(32)), true);
  return { privateKey, publicKey: await publicKeyOf(privateKey) };
}

const sizes = [0, 1, 15, 16, 17, 64, 1000, 61440];

describe('HPKE in base mode', () => {
  it('opens what another implementation sealed', async () => {
    for (const size of sizes) {
      const keys = await recipient();
      const [info, aad, plain] = [random(size % 50), random(size % 33), random(size)];
      const sealed = await other.seal({ recipientPublicKey: await publicHandle(keys.publicKey), info }, plain, aad);
      expect(hex(await open(keys, new Uint8Array(sealed.enc), info, aad, new Uint8Array(sealed.ct)))).toBe(hex(plain));
    }
  });

  it('seals what another implementation opens', async () => {
    for (const size of sizes) {
      const keys = await recipient();
      const [info, aad, plain] = [random(size % 50), random(size % 33), random(size)];
      const { enc, ct } = await seal(keys.publicKey, info, aad, plain);
      expect([enc.length, ct.length]).toEqual([32, size + tagSize]);
      const recipientKey = { privateKey: keys.privateKey, publicKey: await publicHandle(keys.publicKey) } as CryptoKeyPair;
      expect(hex(new Uint8Array(await other.open({ recipientKey, enc, info }, ct, aad)))).toBe(hex(plain));
    }
  });

  it('derives the same keys from 32 bytes', async () => {
    for (let i = 0; i < 20; i++) {
      const ikm = random(32);
      const theirs = await kem.deriveKeyPair(ikm);
      const ours = await importPrivateKey(derivePrivateKey(ikm), true);
      expect(hex(await publicKeyOf(ours))).toBe(hex(new Uint8Array(await kem.serializePublicKey(theirs.publicKey))));
      expect(hex(await exportPrivateKey(ours))).toBe(hex(new Uint8Array(await kem.serializePrivateKey(theirs.privateKey))));
    }
  });

  it('opens nothing that was changed', async () => {
    const keys = await recipient();
    const [info, aad] = [random(8), random(8)];
    const { enc, ct } = await seal(keys.publicKey, info, aad, random(10));
    const flipped = (b: Uint8Array, at: number) => b.map((v, i) => (i === at ? v ^ 1 : v));
    for (let i = 0; i < ct.length; i++) await expect(open(keys, enc, info, aad, flipped(ct, i))).rejects.toThrow();
    for (let i = 0; i < enc.length; i++) await expect(open(keys, flipped(enc, i), info, aad, ct)).rejects.toThrow();
    await expect(open(keys, enc, flipped(info, 0), aad, ct)).rejects.toThrow();
    await expect(open(keys, enc, info, flipped(aad, 0), ct)).rejects.toThrow();
    await expect(open(await recipient(), enc, info, aad, ct)).rejects.toThrow();
    await expect(open(keys, enc, info, aad, ct.slice(0, tagSize - 1))).rejects.toThrow();
    expect(hex(await open(keys, enc, info, aad, ct))).not.toBe('');
  });

  it('agrees with no key of low order, and takes none of another length', async () => {
    const keys = await recipient();
    for (const key of [new Uint8Array(32), Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))]) {
      await expect(seal(key, random(1), random(1), random(1))).rejects.toThrow();
      await expect(open(keys, key, random(1), random(1), random(20))).rejects.toThrow();
    }
    await expect(importPrivateKey(random(31))).rejects.toThrow(RangeError);
    await expect(seal(random(31), random(1), random(1), random(1))).rejects.toThrow();
  });
});
