/**
 * Why a step of a connection failed.
 *
 * - `unsupported`: this browser cannot seal frames.
 * - `closed`: the connection is closed.
 * - `state`: the step does not fit where the negotiation stands.
 * - `fingerprint`: a description does not hold exactly the one fingerprint that the peer's identity is bound to.
 * - `description`: a description is malformed, too large or breaks a rule.
 * - `codec`: nothing that can be sealed is shared.
 * - `candidate`: a candidate was refused.
 * - `glare`: the peer's description crossed ours, and ours stands: ignore the peer's.
 * - `notOpen`: the message channel is not open yet.
 * - `backlog`: the peer does not take what was sent before.
 */
export type MediaErrorCode = 'unsupported' | 'closed' | 'state' | 'fingerprint' | 'description' | 'codec' |
  'candidate' | 'glare' | 'notOpen' | 'backlog';

/** An error of a Conn. Its message never holds an address, a description or a key. */
export class MediaError extends Error {
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string, cause?: unknown) {
    super(`media: ${message}`, { cause });
    this.name = 'MediaError';
    this.code = code;
  }
}

/** Reports whether `e` is a MediaError with this code. */
export function isMediaError(e: unknown, code: MediaErrorCode): boolean {
  return e instanceof MediaError && e.code === code;
}
