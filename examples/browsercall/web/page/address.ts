/** What the page's address says. */

/** Choices in the query: mostly for tests. Anybody can make a link, so none of them opens a device or calls somebody. */
export interface Choices {
  /** What to call ourselves, as long as we have no name. */
  name: string | undefined;
  /** Media goes by TURN alone. */
  relayOnly: boolean;
  /** How long a call rings, in milliseconds; undefined: as long as the package lets it. */
  ringFor: number | undefined;
}

/** Reads the query. */
export function choices(search = location.search): Choices {
  const q = new URLSearchParams(search);
  return {
    name: q.has('name') ? [...q.get('name')!].slice(0, 16).join('') : undefined, // a name has 64 bytes at most
    relayOnly: q.has('relay-only'),
    ringFor: seconds(q.get('ring-for')),
  };
}

/** 1 to 90 seconds, in milliseconds; anything else is no choice. */
function seconds(text: string | null): number | undefined {
  const n = Number(text);
  return n >= 1 && n <= 90 ? n * 1000 : undefined;
}

/**
 * Takes the invitation out of the fragment and out of the address bar, where it would stay in the history and on
 * screenshots. The link has %23 for the invitation's own #.
 */
export function takeInvitation(): string | undefined {
  const fragment = location.hash.slice(1);
  if (fragment === '') return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return fragment.replace(/%23([^%#]*)$/, '#$1');
}

/** Loads the page anew, with an invitation that it had and could not use yet, unless its address has another by now. */
export function reload(invitation: string | undefined): void {
  if (invitation !== undefined && !location.hash) history.replaceState(null, '', fragmentOf(location.search, invitation));
  location.reload();
}

/** A link to this page that hands over an invitation. */
export function linkTo(uri: string): string {
  return location.origin + fragmentOf('', uri);
}

function fragmentOf(search: string, uri: string): string {
  return `${location.pathname}${search}#${uri.replace('#', '%23')}`;
}

/** The relay beside this page. */
export function relayURL(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1`;
}

/** Says whether the page comes from this machine. */
export function isLoopback(host = location.hostname): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);
}

/** Says whether the page comes from this machine or the local network: then the other side is there too. */
export function isLocal(host = location.hostname): boolean {
  return /^(localhost|.*\.local|\[::1\]|\[f[cde].*)$/.test(host) ||
    /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254)(\.\d+)+$/.test(host);
}
