/** What the group refuses, and why. */

const meanings = {
  malformed: 'the MLS message does not decode, or is larger than a call needs',
  invalid: 'the MLS message decodes, and RFC 9420 forbids it',
  authentication: 'a signature, a tag, or the credential of a member is not good',
  policy: 'lawful MLS, but not what a call does (docs/PROTOCOL.md, section 5)',
  epoch: 'a message of an epoch that is gone or has not come',
  replay: 'a message that was read already, or whose key is gone',
  limit: 'more than the group keeps: proposals or members',
  state: 'not possible now: this group was left, destroyed, or has nothing to do it with',
} as const;

/** Why the group refused: what a program decides by. */
export type GroupRefusal = keyof typeof meanings;

/** A refusal by the group. Nothing of the group has changed. Its message holds no byte of a peer and no secret. */
export class GroupError extends Error {
  override readonly name = 'GroupError';
  readonly refusal: GroupRefusal;

  constructor(refusal: GroupRefusal, detail?: string, cause?: unknown) {
    const said = detail === undefined ? meanings[refusal] : `${meanings[refusal]}: ${detail}`;
    super(said, { cause });
    this.refusal = refusal;
  }
}

/** Runs what the library does, and says its errors in the words of this package. */
export async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    if (e instanceof GroupError) throw e;
    throw new GroupError(refusalOf(e), what, e);
  }
}

/** The library names its errors; what it did not mean to throw comes from input that it did not expect. */
function refusalOf(e: unknown): GroupRefusal {
  const name = e instanceof Error ? e.name : '';
  const text = e instanceof Error ? e.message : '';
  if (name === 'CodecError' || name === 'RangeError') return 'malformed';
  if (name === 'CryptoVerificationError' || name === 'CryptoError') return 'authentication';
  if (text === 'Desired gen in the past') return 'replay';
  if (text === 'Desired generation too far in the future') return 'limit';
  if (text.startsWith('Cannot process message, epoch')) return 'epoch';
  return 'invalid';
}
