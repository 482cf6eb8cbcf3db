/** Why a frame that arrived was dropped. */
export const drops = [
  'malformed', // not an SFrame, or not the layout of its codec: plaintext, too short, a header that is not minimal
  'noEpoch', // of an epoch without keys: not yet, not any more, or never
  'reflected', // in our own name
  'blankLeaf', // of a leaf where no member is
  'removed', // of a member that was removed
  'wrongLeaf', // of another member than the one at the connection's other end
  'undeclared', // of a stream that was not declared
  'wrongMID', // of a stream of another media section
  'replayed', // opened before
  'tooOld', // more than 1024 frames behind
  'forged', // not authentic
] as const;

/** One of {@link drops}. */
export type Drop = (typeof drops)[number];

/**
 * Why a frame was not sealed, and so is not sent: there is no key yet or any more, the ctx has no place among the keys,
 * or every counter of the key is used.
 */
export type Refusal = 'noKey' | 'undeclared' | 'exhausted';

/**
 * Why keys or streams were not taken.
 *
 * - `epoch`: out of order, not well-formed, not installed, or with a base key that was used before.
 * - `streams`: a declaration that is not well-formed, changes a stream that was declared, or is one too many.
 * - `destroyed`: after destroy.
 */
export class FramesError extends Error {
  readonly code: 'epoch' | 'streams' | 'destroyed';

  constructor(code: 'epoch' | 'streams' | 'destroyed', message: string) {
    super(message);
    this.name = 'FramesError';
    this.code = code;
  }
}
