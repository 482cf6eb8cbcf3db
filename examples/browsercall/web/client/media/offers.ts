// Descriptions in the forms that browsers give them, for tests.

const sum = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase()).join(':');

/** The fingerprint of the descriptions here: 0, 1, … 31. */
export const fingerprint = Uint8Array.from({ length: 32 }, (_, i) => i);

const transport = (setup: string) => [
  'a=ice-ufrag:Zk3q', 'a=ice-pwd:0123456789abcdefghijABCD', 'a=ice-options:trickle', `a=fingerprint:sha-256 ${sum}`,
    `a=setup:${setup}`,
];

/** As Chromium writes it: everything in each section, with addresses once candidates were gathered. */
export function chromium(setup = 'actpass'): string {
  return [
    'v=0', 'o=- 7048022889640584013 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0 1 2', 'a=extmap-allow-mixed',
    'm=audio 50286 UDP/TLS/RTP/SAVPF 63 111 9 110', 'c=IN IP4 192.168.1.4', 'a=rtcp:9 IN IP4 0.0.0.0',
    'a=candidate:1 1 udp 2122260223 192.168.1.4 50286 typ host generation 0 network-id 1', ...transport(setup),
      'a=mid:0',
    'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level', 'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=sendrecv',
    'a=rtcp-mux', 'a=rtcp-rsize', 'a=rtpmap:63 red/48000/2', 'a=fmtp:63 111/111', 'a=rtpmap:111 opus/48000/2',
    'a=rtcp-fb:111 transport-cc', 'a=fmtp:111 minptime=10;useinbandfec=1', 'a=rtpmap:9 G722/8000',
    'a=rtpmap:110 telephone-event/48000', 'a=ssrc:11 cname:x',
    'm=video 9 UDP/TLS/RTP/SAVPF 45 46 98 99 100 96 97 104 108 118 119 120', 'c=IN IP4 0.0.0.0', ...transport(setup),
      'a=mid:1', 'a=sendrecv',
    'a=rtcp-mux', 'a=rtpmap:45 AV1/90000', 'a=fmtp:45 level-idx=5;profile=0;tier=0', 'a=rtpmap:46 rtx/90000',
      'a=fmtp:46 apt=45',
    'a=rtpmap:98 VP9/90000', 'a=fmtp:98 profile-id=0', 'a=rtpmap:99 rtx/90000', 'a=fmtp:99 apt=98',
      'a=rtpmap:100 VP9/90000',
    'a=fmtp:100 profile-id=2', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack pli', 'a=rtpmap:97 rtx/90000',
      'a=fmtp:97 apt=96',
    'a=rtpmap:104 H264/90000', 'a=fmtp:104 packetization-mode=0;profile-level-id=42e01f', 'a=rtpmap:108 H264/90000',
    'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f', 'a=rtpmap:118 red/90000',
    'a=rtpmap:119 rtx/90000', 'a=fmtp:119 apt=118', 'a=rtpmap:120 ulpfec/90000', 'a=ssrc-group:FID 21 22',
      'a=ssrc:21 cname:x',
    'a=ssrc:22 cname:x',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', ...transport(setup), 'a=mid:2',
      'a=sctp-port:5000',
    'a=max-message-size:262144', '',
  ].join('\r\n');
}

/** As Firefox writes it: one fingerprint for all, and bundled sections that have no port. */
export function firefox(): string {
  const ice = ['a=ice-pwd:0123456789abcdef0123456789abcdef', 'a=ice-ufrag:238d47c6', 'a=setup:actpass'];
  return [
    'v=0', 'o=mozilla...THIS_IS_SDPARTA-99.0 8272061809708537145 0 IN IP4 0.0.0.0', 's=-', 't=0 0',
      `a=fingerprint:sha-256 ${sum}`,
    'a=group:BUNDLE 0 1 2', 'a=ice-options:trickle', 'a=msid-semantic:WMS *', 'm=audio 9 UDP/TLS/RTP/SAVPF 109',
      'c=IN IP4 0.0.0.0',
    'a=sendrecv', ...ice, 'a=mid:0', 'a=rtcp-mux', 'a=rtpmap:109 opus/48000/2', 'a=ssrc:31 cname:{x}',
    'm=video 0 UDP/TLS/RTP/SAVPF 120 124', 'c=IN IP4 0.0.0.0', 'a=bundle-only', 'a=recvonly', ...ice, 'a=mid:1',
      'a=rtcp-mux',
    'a=rtpmap:120 VP8/90000', 'a=fmtp:120 max-fs=12288;max-fr=60', 'a=rtpmap:124 rtx/90000', 'a=fmtp:124 apt=120',
    'm=application 0 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=bundle-only', ...ice, 'a=mid:2',
      'a=sctp-port:5000', '',
  ].join('\r\n');
}
