import type { ConnEvent, Sealing } from './events.ts';
import type { CodecOrder } from './sdp_codec.ts';

/** Everything a Conn needs. */
export interface ConnOptions {
  /** Seals and opens frames. It is the owner's to destroy, after the Conn is closed. */
  frames: Sealing;
  /** True on the side that answers the call: it is the DTLS client, and the polite side when descriptions cross. */
  callee: boolean;
  /** STUN and TURN servers of our own: a server that a peer names is never used. */
  iceServers: RTCIceServer[];
  /** The connection's certificate; without it the browser makes one. It must serve no other connection. */
  certificate?: RTCCertificate | undefined;
  /** Relay candidates alone: the peer learns the address of the TURN server and nothing else. */
  relayOnly?: boolean;
  /** A call inside one network or on one machine: host addresses are sent as they are. */
  lan?: boolean;
  /** Gets the events, in order; must not throw. */
  notify: (e: ConnEvent) => void;
  /** Codecs in the order in which they are wanted; without it, all that can be sealed, VP8 first. */
  codecs?: CodecOrder | undefined;
}

/** Reports whether this browser can seal frames. */
export function canSeal(): boolean {
  return typeof RTCRtpScriptTransform === 'function' && typeof RTCPeerConnection === 'function';
}
