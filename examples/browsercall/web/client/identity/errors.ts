/** What this package refuses, beside bytes of the wrong shape (Malformed of wire.ts). */

const meanings = {
  weakKey: 'public key of small order or in a non-canonical encoding',
  notSealedToUs: "the box does not open with this mailbox's key",
  wrongRecipient: 'the message is for another identity',
  signature: 'the signature does not verify',
  tooLarge: 'more than the format holds',
  invitation: 'the invitation is unknown, used or expired: ask for another',
  noContact: 'no such contact',
  unexpected: 'the message was not expected; drop it',
  destroyed: 'the keys were destroyed',
  storage: 'the stored keys or contacts cannot be read; is storage allowed for this site?',
} as const;

/** Why something was refused: what a program decides by. */
export type Refusal = keyof typeof meanings;

/** A refusal. Its message names the reason, and holds no byte of what was refused. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, detail?: string) {
    super(detail === undefined ? meanings[refusal] : `${meanings[refusal]} (${detail})`);
    this.refusal = refusal;
  }
}
