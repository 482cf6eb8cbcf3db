import { SignalError } from './transport.ts';

/** A relay's URL, normalised. */
export interface Endpoint {
  url: string; // for dialling and for cards: lower case, with a path
  origin: string; // scheme://host:port, the port always there: what a challenge is signed for
  plain: boolean; // ws:// to another machine: whoever is on the way sees who calls whom
}

const defaultPath = '/v1';
const maxURL = 2048; // characters
const ports: Record<string, string> = { 'wss:': '443', 'ws:': '80' };

/** Reads a relay's URL. Throws SignalError, which does not repeat it: a URL may hold a password. */
export function parseEndpoint(raw: string): Endpoint {
  const u = parse(raw);
  const port = u && ports[u.protocol];
  if (!u || !port || u.username !== '' || u.password !== '' || u.search !== '' || u.hash !== '') {
    throw new SignalError('invalid', "a relay's URL is wss://host[:port][/path], in ASCII (punycode for others)");
  }
  if (u.pathname === '/') u.pathname = defaultPath;
  return {
    url: u.href,
    origin: `${u.protocol}//${u.hostname}:${u.port || port}`,
    plain: u.protocol === 'ws:' && !loopback(u.hostname),
  };
}

function parse(raw: string): URL | undefined {
  if (raw.length > maxURL || !/^wss?:\/\/[\x21-\x7e]+$/i.test(raw) || /[\\@]/.test(raw)) return undefined;
  try {
    return new URL(raw);
  } catch {
    return undefined;
  }
}

function loopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}
