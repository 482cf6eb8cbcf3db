// What an error of the connection means to a call.

import { MediaError } from '../media/errors.ts';
import { EndReason } from './reason.ts';

/** An error of the connection in the words of a call. */
export interface MediaFault {
  /** How the call ends, if it cannot go on. */
  reason: EndReason;
  /** The description is not of the one who is bound by the group. */
  forged: boolean;
  /** The connection had gone on already, or may find another path. */
  late: boolean;
}

/** Reads an error of the connection. */
export function mediaFault(e: unknown): MediaFault {
  const code = e instanceof MediaError ? e.code : undefined;
  return { reason: reasonOf(code), forged: code === 'fingerprint', late: code === 'state' };
}

function reasonOf(code: string | undefined): EndReason {
  if (code === 'fingerprint') return EndReason.AuthFailed;
  if (code === 'codec' || code === 'unsupported') return EndReason.Unsupported;
  return EndReason.MediaFailed;
}
