import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeCertificate } from './certificate.ts';
import { formatFingerprint } from './sdp_fingerprint.ts';

const sum = Uint8Array.from({ length: 32 }, (_, i) => i);
const value = formatFingerprint(sum);

/** A browser that tells the fingerprint of a certificate, or only writes it into descriptions. */
function browser(fingerprints: object, sdp = ''): { open: number } {
  const seen = { open: 0 };
  vi.stubGlobal('RTCPeerConnection', class {
    static generateCertificate = async () => ({ ...fingerprints });
    certificates: unknown[];
    constructor(o: { certificates: unknown[] }) {
      this.certificates = o.certificates;
      seen.open++;
    }
    createDataChannel = () => undefined;
    createOffer = async () => ({ sdp: this.certificates.length === 1 ? sdp : '' });
    close = () => { seen.open--; };
  });
  return seen;
}

describe('a certificate made beforehand', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it('is asked for its fingerprint', async () => {
    browser({ getFingerprints: () => [{ algorithm: 'sha-512', value: 'AA' },
      { algorithm: 'sha-256', value: value.slice('sha-256 '.length) }] });
    expect((await makeCertificate())?.fingerprint).toEqual(sum);
  });

  it('shows it in an offer that nobody gets, where it cannot be asked', async () => {
    const seen = browser({}, `v=0\r\na=fingerprint:${value}\r\nm=application 9\r\n`);
    expect((await makeCertificate())?.fingerprint).toEqual(sum);
    expect(seen.open).toBe(0);
  });

  it('is left to the connection where neither works', async () => {
    for (const sdp of ['v=0\r\n', 'v=0\r\na=fingerprint:sha-1 AA:BB\r\n']) {
      const seen = browser({}, sdp);
      expect(await makeCertificate()).toBeUndefined();
      expect(seen.open).toBe(0);
    }
  });
});
