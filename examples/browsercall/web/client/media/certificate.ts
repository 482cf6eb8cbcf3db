import { parseFingerprint } from './sdp_fingerprint.ts';

/** A DTLS certificate that is there before its connection, and the SHA-256 of it. */
export interface Certificate {
  certificate: RTCCertificate;
  fingerprint: Uint8Array;
}

/** Makes one for one connection, P-256. Undefined where a browser does not tell its fingerprint. Never rejects. */
export async function makeCertificate(): Promise<Certificate | undefined> {
  try {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as EcKeyGenParams;
    const certificate = await RTCPeerConnection.generateCertificate(algorithm);
    const sum = certificate.getFingerprints().find((f) => f.algorithm === 'sha-256')?.value;
    return sum === undefined ? undefined : { certificate, fingerprint: parseFingerprint(`sha-256 ${sum}`) };
  } catch {
    return undefined;
  }
}
