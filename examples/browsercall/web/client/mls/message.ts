/** Reading MLS messages: bounded, of the one kind that is due, and in the one encoding that they have. */
import { decodeMlsMessage, encodeMlsMessage, type MLSMessage } from 'ts-mls/message.js';
import { equal } from '../bytes.ts';
import { GroupError } from './errors.ts';

/** The kinds of MLS messages in a call (RFC 9420, section 6). */
export type Wireformat = MLSMessage['wireformat'];

/**
 * Reads a message of this kind and of at most limit bytes. The library ignores what follows a message, and takes
 * lengths that are not minimal (section 2.1.2): what it read is encoded again and must be the same bytes.
 */
export function readMessage<W extends Wireformat>(
  bytes: Uint8Array, kind: W, limit: number,
): MLSMessage & { wireformat: W } {
  if (bytes.length === 0 || bytes.length > limit) throw new GroupError('malformed', `${bytes.length} bytes`);
  const m = decoded(bytes);
  if (m.wireformat !== kind) throw new GroupError('policy', `${m.wireformat} where ${kind} is due`);
  if (m.version !== 'mls10' || !equal(encodeMlsMessage(m), bytes)) throw new GroupError('malformed');
  return m as MLSMessage & { wireformat: W };
}

function decoded(bytes: Uint8Array): MLSMessage {
  let m: MLSMessage | undefined;
  try {
    m = decodeMlsMessage(bytes.slice(), 0)?.[0]; // a copy: what is decoded points into it, and the caller's may change
  } catch (e) {
    throw new GroupError('malformed', undefined, e);
  }
  if (!m) throw new GroupError('malformed');
  return m;
}
