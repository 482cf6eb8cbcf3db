/** What the browser must have. Without it there is no call: nothing is ever sent in the clear. */
import { supported } from '../client/frames/control.ts';
import type { Words } from './words.ts';

/** What is missing, in words; undefined: nothing. */
export async function missing(): Promise<Words | undefined> {
  if (!isSecureContext) {
    return { kind: 'insecure-origin', title: 'This address is not secure', text: 'Browsers give camera and keys to ' +
      'https:// and to this machine alone. Start the program with -tls self-signed, and open the address that it ' +
      'prints.' };
  }
  if (!('RTCPeerConnection' in globalThis) || !('mediaDevices' in navigator)) {
    return { kind: 'no-webrtc', title: 'This browser cannot call', text: 'It has no WebRTC, or it is turned off.' };
  }
  if (!supported()) {
    return {
      kind: 'no-transform', title: 'This browser cannot encrypt calls',
      text: 'It lacks RTCRtpScriptTransform, by which every frame is sealed before it leaves. A call without it ' +
        'would not be private, so there is none. Use a current Firefox, Chromium, Chrome, Edge or Safari.',
    };
  }
  if (!(await hasKeys())) {
    return { kind: 'no-keys', title: 'This browser is too old', text: 'It cannot make the keys of an identity ' +
      '(Ed25519 and X25519). Update it.' };
  }
  return undefined;
}

async function hasKeys(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    await crypto.subtle.generateKey('X25519', false, ['deriveBits']);
    return true;
  } catch {
    return false;
  }
}

/** Lets the one script become a worker that this page was built with: the policy asks for leave (Trusted Types). */
export function trustWorker(url: string): void {
  interface Factory {
    createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): unknown;
  }
  const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
  factory?.createPolicy('default', {
    createScriptURL: (asked) => {
      if (new URL(asked, location.href).href !== url) throw new TypeError('not a script of this page');
      return asked;
    },
  });
}

/** What a browser calls itself, roughly: the name by which the other side knows this page at first. */
export function browserName(agent = navigator.userAgent): string {
  const find = (names: string): string | undefined => names.split(' ').find((n) => agent.includes(n));
  const browser = find('Edg Firefox Chrome Safari')?.replace('Edg', 'Edge') ?? 'Browser';
  const system = find('Android iPhone iPad Windows Mac Linux');
  return system === undefined ? browser : `${browser} on ${system}`;
}
