import type { Frames, ServerEntry } from './frame.ts';

/** Keeps the ICE servers that the relay lent last, for half of their time: they stay valid for the other half. */
export class IceCache {
  #servers: RTCIceServer[] = [];
  #renew = 0; // ms since 1970

  /** What is kept, or undefined when it is time to ask again. */
  fresh(): RTCIceServer[] | undefined {
    return Date.now() < this.#renew ? structuredClone(this.#servers) : undefined;
  }

  /** Keeps an answer. asked is when the question was: the time is counted by the own clock, the relay's may differ. */
  keep(asked: number, f: Frames['servers']): RTCIceServer[] {
    this.#renew = asked + (f.seconds * 1000) / 2;
    this.#servers = f.servers.filter(usable);
    return structuredClone(this.#servers);
  }
}

const url = /^(stuns?|turns?):(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?(\?transport=(?:udp|tcp))?$/i;

/** A browser refuses a whole configuration for one URL or missing credential, so what it would refuse is left out. */
function usable(s: ServerEntry): boolean {
  return s.urls.every((u) => {
    const [, scheme, port, transport] = url.exec(u) ?? [];
    if (!scheme || Number(port ?? 1) > 65535 || port === '0') return false;
    return scheme.startsWith('turn') ? !!s.username && !!s.credential : !transport;
  });
}
