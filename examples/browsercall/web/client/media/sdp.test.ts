import { describe, expect, it } from 'vitest';
import type { MediaErrorCode } from './errors.ts';
import { MediaError } from './errors.ts';
import { chromium, fingerprint, firefox } from './offers.ts';
import { maxDescription, parseDescription, writeDescription } from './sdp.ts';
import { allCodecs, keepFormats, sentCodec } from './sdp_codec.ts';

const lines = (text: string, start: string) => text.split('\r\n').filter((l) => l.startsWith(start));

describe('a description that passes', () => {
  it('says nothing about where it was made', () => {
    const d = parseDescription(chromium());
    const text = writeDescription(d, 'actpass');
    expect(lines(text, 'o=')).toEqual(['o=- 7048022889640584013 2 IN IP4 0.0.0.0']);
    expect(new Set(lines(text, 'c='))).toEqual(new Set(['c=IN IP4 0.0.0.0']));
    expect(lines(text, 'm=').map((m) => m.split(' ')[1])).toEqual(['9', '9', '9']);
    expect(lines(text, 'a=candidate')).toEqual([]);
    expect(text).not.toContain('192.168');
    expect(d.candidates).toEqual(['candidate:1 1 udp 2122260223 192.168.1.4 50286 typ host generation 0 network-id 1']);
  });

  it('names only what can be sealed, best first', () => {
    const d = parseDescription(chromium());
    const text = writeDescription(d, 'actpass');
    expect(lines(text, 'm=audio')).toEqual(['m=audio 9 UDP/TLS/RTP/SAVPF 111 63']);
    expect(lines(text, 'm=video')).toEqual(['m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 45 46 108']);
    for (const gone of ['G722', 'telephone-event', 'red/90000', 'ulpfec', 'profile-id=2', 'packetization-mode=0',
      'apt=118', 'audio-level']) {
      expect(text).not.toContain(gone);
    }
    expect(d.sections[1]?.formats[1]).toEqual({ payloadType: 97, codec: 'rtx', of: 96 });
  });

  it('follows our own wishes in the order of codecs', () => {
    const d = parseDescription(chromium(), { audio: ['opus'], video: ['AV1', 'VP8'] });
    expect(d.sections[1]?.formats.map((f) => f.payloadType)).toEqual([45, 46, 96, 97]);
  });

  it('leads Opus with its redundant format where that is wished', () => {
    const d = parseDescription(chromium(), { ...allCodecs, red: true });
    expect(lines(writeDescription(d, 'actpass'), 'm=audio')).toEqual(['m=audio 9 UDP/TLS/RTP/SAVPF 63 111']);
    expect(lines(writeDescription(d, 'actpass'), 'm=video')).toEqual(['m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 45 46 108']);
    expect(sentCodec(d.sections[0]?.formats ?? [])).toBe('opus');
  });

  it('may be Firefox’s, and is then written as every other', () => {
    const d = parseDescription(firefox());
    expect(d.fingerprint).toEqual(fingerprint);
    expect(d.sections.map((s) => [s.mid, s.kind, s.sends, s.receives, s.rejected])).toEqual(
      [['0', 'audio', true, true, false], ['1', 'video', false, true, false], ['2', 'application', true, true, false]]);
    const text = writeDescription(d, 'actpass');
    expect(text).not.toContain('SDPARTA');
    expect(lines(text, 'm=').every((m) => m.split(' ')[1] === '9')).toBe(true);
  });

  it('is read back as it was written', () => {
    for (const text of [chromium(), firefox()]) {
      const once = writeDescription(parseDescription(text), 'active');
      expect(writeDescription(parseDescription(once), 'active')).toBe(once);
      expect(parseDescription(once).setup).toBe('active');
    }
  });

  it('may repeat its fingerprint, in any case', () => {
    const again = chromium().replace('s=-', `s=-\r\n${lines(chromium(), 'a=fingerprint')[0]?.toLowerCase()}`);
    expect(parseDescription(again).fingerprint).toEqual(fingerprint);
  });
});

const replaced = (old: string | RegExp, text: string) => {
  const out = chromium().replaceAll(old instanceof RegExp ? new RegExp(old, 'g') : old, text);
  expect(out).not.toBe(chromium());
  return out;
};

const cases: [string, () => string, MediaErrorCode][] = [
  ['is empty', () => '', 'description'],
  ['is too long', () => chromium() + 'a=x:yyyyyyyy\r\n'.repeat(maxDescription / 14), 'description'],
  ['has too many sections', () => chromium() + 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(14), 'description'],
  ['has control characters', () => replaced('a=rtcp-mux', 'a=rtcp-mux\u0000'), 'description'],
  ['has no fingerprint', () => replaced(/a=fingerprint.*\r\n/, ''), 'fingerprint'],
  ['has two fingerprints', () => chromium().replace('sha-256 00:01', 'sha-256 01:01'), 'fingerprint'],
  ['has a sha-1 fingerprint', () => chromium().replace('sha-256', 'sha-1'), 'fingerprint'],
  ['has a cut fingerprint', () => replaced(':1E:1F', ':1E'), 'fingerprint'],
  ['has no sound that we know', () => replaced('opus/48000/2', 'G722/8000'), 'codec'],
  ['has no format that is mapped', () => replaced('SAVPF 63 111', 'SAVPF 63'), 'codec'],
  ['has plain RTP', () => replaced('UDP/TLS/RTP/SAVPF', 'RTP/AVP'), 'description'],
  ['has SDES', () => `${chromium()}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n`, 'description'],
  ['has simulcast', () => `${chromium()}a=simulcast:send a;b\r\n`, 'description'],
  ['has no multiplexed RTCP', () => replaced('a=rtcp-mux\r\n', ''), 'description'],
  ['has no mid', () => replaced('a=mid:0\r\n', ''), 'description'],
  ['has a mid twice', () => replaced('a=mid:1', 'a=mid:0'), 'description'],
  ['has a hostile mid', () => replaced('a=mid:1', 'a=mid:<b>'), 'description'],
  ['is not bundled', () => replaced('BUNDLE 0 1 2', 'BUNDLE 0 2'), 'description'],
  ['has no message channel', () => chromium().split('m=application')[0] ?? '', 'description'],
  ['has text', () => replaced('m=audio', 'm=text'), 'description'],
  ['has a short password', () => replaced('0123456789abcdefghijABCD', 'short'), 'description'],
  ['has two passwords', () => chromium().replace('0123456789abcdefghijABCD', '9876543210abcdefghijABCD'),
    'description'],
  ['is ICE lite', () => replaced('s=-', 's=-\r\na=ice-lite'), 'description'],
  ['has stream 0', () => replaced('a=ssrc:11', 'a=ssrc:0'), 'description'],
  ['claims a stream twice', () => replaced('a=ssrc:11', 'a=ssrc:21'), 'description'],
  ['has many streams',
    () => chromium().replace('a=ssrc:11', `${'123456789'.replace(/./g, 'a=ssrc:$&00 cname:x\r\n')}a=ssrc:11`),
    'description'],
  ['sends what it does not name', () => replaced(/a=ssrc:11.*\r\n/, ''), 'description'],
];

describe('a description is refused that', () => {
  it.each(cases)('%s', (_, text, code) => {
    let thrown: unknown;
    try {
      parseDescription(text());
    } catch (e) {
      thrown = e;
    }
    expect(thrown).toBeInstanceOf(MediaError);
    expect((thrown as MediaError).code).toBe(code);
  });

  it('is cut anywhere, without another error', () => {
    const text = chromium();
    for (let n = 0; n < text.length; n += 7) {
      try {
        parseDescription(text.slice(0, n));
      } catch (e) {
        expect(e).toBeInstanceOf(MediaError);
      }
    }
  });
});

describe('G.711', () => {
  const lines = ['a=rtpmap:111 opus/48000/2', 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:8 PCMA/8000/1', 'a=rtpmap:9 G722/8000'];

  it('is kept, behind Opus, whether its one channel is said or not', () => {
    expect(keepFormats('audio', ['0', '8', '9', '111'], lines, allCodecs)).toEqual([
      { payloadType: 111, codec: 'opus' }, { payloadType: 0, codec: 'PCMU' }, { payloadType: 8, codec: 'PCMA' },
    ]);
  });
});
