import { MediaError } from './errors.ts';

const form = /^sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i;

/**
 * Reads the value of an `a=fingerprint` line (RFC 8122, section 5): 32 bytes. Anything but SHA-256 is a `fingerprint`
 * error.
 */
export function parseFingerprint(value: string): Uint8Array {
  const text = form.exec(value)?.[1];
  if (text === undefined) {
    throw new MediaError('fingerprint', 'a description has a fingerprint that is not sha-256');
  }
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}

/** Writes 32 bytes as the value of an `a=fingerprint` line. */
export function formatFingerprint(sum: Uint8Array): string {
  return `sha-256 ${Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join(':').toUpperCase()}`;
}
