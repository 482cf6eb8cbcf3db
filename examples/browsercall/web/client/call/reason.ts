// Why calls end, and what a callee may say.

/** Why a call ended. The numbers are on the wire (PROTOCOL section 3) and never change their meaning. */
export const EndReason = {
  /** Somebody hung up a call that was accepted. */
  Left: 1,
  /** The callee said no. */
  Declined: 2,
  /** The callee is in another call. */
  Busy: 3,
  /** It rang and nobody answered. */
  TimedOut: 4,
  /** The caller gave up before it was accepted. */
  Cancelled: 5,
  /** Another reader of the callee's mailbox took or declined the call. */
  AnsweredElsewhere: 6,
  /** No device of the callee was reached, or its relay was not. */
  Unreachable: 7,
  /** No version, suite or codec in common. */
  Unsupported: 8,
  /** No pair of candidates works. */
  IceFailed: 9,
  /** The transport was not up 15 s after the accept. */
  IceTimeout: 10,
  /** Nothing came from the other side for 20 s. */
  PeerLost: 11,
  /** A key, a fingerprint or a commitment was not what was promised: somebody interferes. */
  AuthFailed: 12,
  /** The clocks of the two sides differ by more than 60 s. */
  ClockSkew: 13,
  /** A session description could not be used. */
  MediaFailed: 14,
  /** `Call.close` or `Client.close` on this side. */
  Closed: 15,
} as const;

/** One of the numbers of {@link EndReason}; a peer of a later version may send others, up to 255. */
export type EndReason = number;

const names: Record<number, string> = {
  1: 'left', 2: 'declined', 3: 'busy', 4: 'timed out', 5: 'cancelled', 6: 'answered elsewhere', 7: 'unreachable',
  8: 'unsupported', 9: 'ICE failed', 10: 'ICE timed out', 11: 'peer lost', 12: 'authentication failed',
  13: 'clock skew', 14: 'media failed', 15: 'closed',
};

/** The reason in words, the same as the Go side's. */
export function reasonName(r: EndReason): string {
  return names[r] ?? `EndReason(${r})`;
}

/** Says whether r is a reason that this version knows. */
export function knownReason(r: EndReason): boolean {
  return r in names;
}

/** What the application may say when it does not take a call. */
export type DeclineReason = typeof EndReason.Declined | typeof EndReason.Busy;

const declines: number[] = [
  EndReason.Busy, EndReason.Unsupported, EndReason.ClockSkew, EndReason.TimedOut,
];

/** The end that a received Decline means to the caller. What it does not know is a plain refusal. */
export function declineEnd(reason: number): EndReason {
  return declines.includes(reason) ? reason : EndReason.Declined;
}

/** Says whether a call that ended so is worth a notice to the callee that it was called. */
export function missed(r: EndReason): boolean {
  return r === EndReason.TimedOut || r === EndReason.Unreachable || r === EndReason.Cancelled;
}

/** The terminal error of a call: every wish that the end cut off fails with it. */
export class EndedError extends Error {
  readonly reason: EndReason;
  /** The other side ended it. */
  readonly remote: boolean;

  constructor(reason: EndReason, remote: boolean, cause?: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    super(`ended ${remote ? 'by the other side' : 'here'}: ${reasonName(reason)}${why}`, { cause });
    this.name = 'EndedError';
    this.reason = reason;
    this.remote = remote;
  }
}

/** The other side is not who was called, or somebody interferes. The call ends with {@link EndReason.AuthFailed}. */
export class AuthError extends Error {
  constructor(message = 'the other side is not who was called, or somebody interferes') {
    super(message);
    this.name = 'AuthError';
  }
}

/** What was asked is not possible in this state of the call or the client. */
export class StateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StateError';
  }
}
