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
    const value = told(certificate) ?? await described(certificate);
    return { certificate, fingerprint: parseFingerprint(value) };
  } catch {
    return undefined;
  }
}

/** What the browser says of a certificate, where it can be asked: Firefox of before 2025 cannot. */
function told(certificate: RTCCertificate): string | undefined {
  const all = (certificate as Partial<RTCCertificate>).getFingerprints?.() ?? [];
  const sum = all.find((f) => f.algorithm === 'sha-256')?.value;
  return sum === undefined ? undefined : `sha-256 ${sum}`;
}

/** What an offer with this certificate says, which nobody gets: a connection without a description gathers nothing. */
async function described(certificate: RTCCertificate): Promise<string> {
  const pc = new RTCPeerConnection({ certificates: [certificate] });
  try {
    pc.createDataChannel('');
    const { sdp = '' } = await pc.createOffer();
    return /^a=fingerprint:(.*?)\r?$/m.exec(sdp)?.[1] ?? '';
  } finally {
    pc.close();
  }
}
