/** What happened, in words: every end of a call, and every error that a person may meet. */
import {
  EndReason, Malformed, MediaError, Refused, SignalError, type EndReason as Reason, type SentStream,
} from '../client/index.ts';

/** A headline, what it means and what to do, and the error itself for those who ask further. */
export interface Words {
  title: string;
  text: string;
  detail?: string;
  /** For tests and styles: which fault it is. */
  kind: string;
}

/** Why a call ended. name is our name for the other side; connected: it had been. */
export function endWords(reason: Reason, remote: boolean, name: string, cause?: unknown, connected = false): Words {
  const agreed = connected || !(remote || cause instanceof MediaError);
  const [title, text] = reason === EndReason.MediaFailed && agreed ? broken(remote, name) : ends(reason, remote, name);
  const detail = cause instanceof Error && reason !== EndReason.Left ? cause.message : undefined;
  return { title, text, kind: `end-${reason}`, ...(detail === undefined ? {} : { detail }) };
}

/** The same for a call that rang here and was not taken: nobody answered means that we did not. */
export function missedWords(reason: Reason, remote: boolean, name: string, cause?: unknown): Words {
  const words = endWords(reason, remote, name, cause);
  if (reason !== EndReason.TimedOut) return words;
  return { ...words, title: 'Missed', text: `${name} rang, and nobody answered here.` };
}

/** The same for a call that was given up before it was on its way. */
export function unmadeWords(name: string): Words {
  return { kind: `end-${EndReason.Cancelled}`, title: 'Cancelled', text: `You gave up before it rang at ${name}'s side.` };
}

/** One side could not go on, which no person and no network did. */
function broken(remote: boolean, name: string): [string, string] {
  return ['Something went wrong', remote ? `${name}'s side could not go on with the call. Call again.` : 'This page ' +
    'could not go on with the call. Call again, and reload the page if that fails.'];
}

function ends(reason: Reason, remote: boolean, name: string): [string, string] {
  switch (reason) {
    case EndReason.Left:
      return [remote ? `${name} hung up` : 'You hung up', 'The call has ended, and its keys are gone.'];
    case EndReason.Declined:
      return remote ? [`${name} declined`, 'They do not want to talk now.'] : ['Declined', `${name} was told that ` +
        `you do not take the call.`];
    case EndReason.Busy:
      return [`${name} is busy`, 'They are in another call. Try again later.'];
    case EndReason.TimedOut:
      if (!remote) return ['No answer', `It rang at ${name}'s side, and nobody answered. Try again later.`];
      // falls through: our answer came too late
    case EndReason.Cancelled:
      return remote ? ['Missed', `${name} gave up before you answered.`] : ['Cancelled', `${name} was told that ` +
        `you gave up.`];
    case EndReason.AnsweredElsewhere:
      return ['Taken elsewhere', 'Another window or device of yours has answered or declined this call.'];
    case EndReason.Unreachable:
      return [`${name} was not reached`, 'Nothing of theirs answers: the page or program may be closed, or their ' +
        'relay away.'];
    case EndReason.Unsupported:
      return ['No common language', 'The two programs have no version or codec in common. One of them is too old.'];
    case EndReason.IceFailed:
    case EndReason.IceTimeout:
      return ['No way through', 'No path was found between the two devices. A firewall may be in between: try ' +
        'another network.'];
    case EndReason.PeerLost:
      return ['Connection lost', `For 15 seconds or more nothing came that ${name}'s keys open. A network may be gone.`];
    case EndReason.AuthFailed:
      return ['Stopped for your safety', 'A key was not the one that was promised. Somebody may be interfering. ' +
        'Nothing more is sent; compare safety numbers before you try again.'];
    case EndReason.ClockSkew:
      return ['The clocks differ', 'The clocks of the two devices are more than a minute apart. Set them, and call ' +
        'again.'];
    case EndReason.MediaFailed:
      return ['The call could not be set up', 'The two programs did not agree on how to send sound and pictures.'];
    case EndReason.Closed:
      return remote ? [`${name} has gone`, 'Their program was closed.'] : ['Closed', 'The call was closed here.'];
  }
  return ['The call has ended', 'The other side gave a reason that this page does not know.'];
}

/** What an error means. doing is what was tried, as "start the call". */
export function faultWords(e: unknown, doing: string): Words {
  const words = deviceWords(e) ?? relayWords(e) ?? storeWords(e) ?? {
    kind: 'other', title: 'That did not work', text: `The page could not ${doing}. Reload it, and try again.`,
  };
  return e instanceof Error && e.message !== '' ? { ...words, detail: e.message } : words;
}

/** An invitation is this page's own. */
export class OwnInvitation extends Error {}

/** Why an invitation's link could not be used. */
export function linkWords(e: unknown): Words {
  const words = faultWords(e, 'use the invitation');
  if (e instanceof OwnInvitation) {
    return { kind: 'own', title: 'This is your own link', text: 'Send it to whom you want to meet: it is good once, for an hour.' };
  }
  const refusal = e instanceof Refused && e.refusal;
  if (e instanceof Malformed || refusal === 'weakKey') {
    return { ...words, kind: 'link', title: 'This link is not complete', text: 'It is no invitation, or was cut or ' +
      'changed on its way. Copy the whole of it, or ask for a new one.' };
  }
  if (refusal !== 'noContact') return words;
  return { ...words, kind: 'blocked', title: 'Blocked', text: 'Who made this invitation is blocked here, so it was ' +
    'not used.' };
}

/** What arrives of a call that is up is refused. */
export function refusedWords(name: string): string {
  return `What arrives from ${name} cannot be opened: it may have been changed on the way. It is neither shown nor ` +
    'played. If this lasts, hang up and call again.';
}

/** What of ours the other side does not take; empty if there is nothing. */
export function untakenWords(name: string, streams: SentStream[]): string {
  const words = {
    microphone: 'sound: nobody hears you', camera: 'picture: nobody sees you', screen: 'screen: nobody sees it',
  };
  return streams.filter((s) => !s.taken).map((s) => `${name} takes no ${words[s.role]}.`).join(' ');
}

/** Errors of camera, microphone and screen. */
function deviceWords(e: unknown): Words | undefined {
  if (!(e instanceof DOMException)) return undefined;
  switch (e.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return { kind: 'permission', title: 'No permission', text: 'The browser did not let the page use camera or ' +
        'microphone. Allow them for this page (beside its address), or call without camera.' };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { kind: 'no-device', title: 'No microphone or camera', text: 'The browser found none. Plug one in, ' +
        'and try again.' };
    case 'NotReadableError':
    case 'AbortError':
      return { kind: 'device-busy', title: 'A device does not answer', text: 'Another program may be using camera ' +
        'or microphone. Close that, and try again.' };
  }
  return undefined;
}

function relayWords(e: unknown): Words | undefined {
  if (!(e instanceof SignalError)) return undefined;
  switch (e.fault) {
    case 'rejected':
      return { kind: 'relay-rejected', title: 'The relay refuses this page', text: 'It knows itself by another ' +
        'address. Open the page by the address that the program printed.' };
    case 'throttled':
      return { kind: 'relay-busy', title: 'Too much at once', text: 'The relay asks for a pause. Try again in a ' +
        'minute.' };
    case 'insecure':
      return { kind: 'relay-insecure', title: 'The relay is not secure', text: 'Its address begins with ws://, so ' +
        'others on the way could see who calls whom. It needs wss://.' };
    default:
      return { kind: 'relay-lost', title: 'The relay is not reached', text: 'The program that serves this page may ' +
        'have ended, or the network is away. Calls need it to begin.' };
  }
}

function storeWords(e: unknown): Words | undefined {
  if (!(e instanceof Refused)) return undefined;
  switch (e.refusal) {
    case 'invitation':
      return { kind: 'invitation', title: 'This invitation is used up', text: 'It has expired, or was used. Each ' +
        'is good once: ask for a new one.' };
    case 'storage':
      return { kind: 'storage', title: 'The browser keeps nothing for this page', text: 'Keys and contacts are ' +
        'stored in the browser. Leave private browsing, or allow this site to store data, and reload.' };
    case 'noContact':
      return { kind: 'no-contact', title: 'Not a contact', text: 'Only people who are connected by an invitation ' +
        'can ring each other.' };
  }
  return undefined;
}

/**
 * What somebody calls themselves, with a number if that name is taken: cut, so that no label is longer than 64 bytes,
 * with which nobody could be confirmed.
 */
export function freeName(name: string, taken: (label: string) => boolean): string {
  const short = [...name].slice(0, 14).join('').trim(); // four bytes a character at most, and eight for the number
  for (let n = 1; ; n++) {
    const label = n > 1 ? `${short} (${n})` : name;
    if (n > 1000 || !taken(label)) return label;
  }
}
