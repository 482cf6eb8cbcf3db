import { describe, expect, it } from 'vitest';
import { Outgoing, incoming, maxCandidates, parseCandidate, writeCandidate } from './candidate.ts';
import { RemoteCandidates } from './remote_candidates.ts';

const open = { relayOnly: false, lan: false };
const lan = { relayOnly: false, lan: true };
const relay = { relayOnly: true, lan: false };
const host = (address: string) => `candidate:1 1 udp 2122260223 ${address} 5000 typ host`;
const name = '6b9c2a54-0f3e-4a86-9d1c-1d0f1ab2c3d4.local';

describe('a candidate of ours', () => {
  it('loses what it need not tell', () => {
    const line = 'candidate:842163049 1 UDP 1677729535 198.51.100.7 40678 typ srflx raddr 192.168.1.4 rport 40678 ' +
      'generation 0 ufrag old network-id 1 network-cost 10';
    expect(new Outgoing(open).rewrite(line, 'abcd')).toBe(
      'candidate:1 1 udp 1677729535 198.51.100.7 40678 typ srflx raddr 0.0.0.0 rport 9 ufrag abcd');
  });

  it('writes an IPv6 related address for IPv6', () => {
    expect(new Outgoing(relay).rewrite('candidate:9 1 udp 5 2001:db8::7 9 typ relay raddr 10.0.0.1 rport 7', 'abcd'))
      .toBe('candidate:1 1 udp 5 2001:db8::7 9 typ relay raddr :: rport 9 ufrag abcd');
  });

  it('hides host addresses behind names, except in a LAN', () => {
    expect(new Outgoing(open).rewrite(host(name), 'abcd')).toContain(name);
    expect(() => new Outgoing(open).rewrite(host('192.168.1.4'), 'abcd')).toThrow('not for the peer');
    expect(new Outgoing(lan).rewrite(host('192.168.1.4'), 'abcd')).toContain('192.168.1.4');
    expect(new Outgoing(lan).rewrite(host('127.0.0.1'), 'abcd')).toContain('127.0.0.1');
  });

  it('is a relay in a relay-only call, or is not sent', () => {
    for (const line of [host(name), host('192.0.2.1'),
      'candidate:1 1 udp 1 192.0.2.1 9 typ srflx raddr 0.0.0.0 rport 0']) {
      expect(() => new Outgoing(relay).rewrite(line, 'abcd')).toThrow('relay-only');
    }
    expect(new Outgoing(relay).rewrite('candidate:1 1 udp 1 192.0.2.1 9 typ relay raddr 1.2.3.4 rport 5',
      'x')).toContain('typ relay');
  });

  it('keeps which foundations are the same, and nothing else of them', () => {
    const out = new Outgoing(lan);
    const first = (foundation: string) => out.rewrite(`candidate:${foundation} 1 udp 1 192.0.2.1 9 typ host`,
      'x').split(' ')[0];
    expect(['3269441843', '645876647', '3269441843'].map(first)).toEqual(['candidate:1', 'candidate:2', 'candidate:1']);
  });
});

describe('a candidate of the peer', () => {
  it('has an address that may be one of a peer', () => {
    for (const address of ['192.0.2.1', '10.1.2.3', '2001:db8::1', 'fd00::2', '::ffff:192.0.2.1', name]) {
      expect(incoming(host(address), open).address).toBe(address);
    }
    for (const address of ['0.0.0.0', '0.1.2.3', '224.0.0.1', '255.255.255.255', '240.0.0.1', '::', 'ff02::1',
      '::ffff:224.0.0.1',
      'fe80::1%eth0', '1.2.3', '1.2.3.256', '01.2.3.4', 'example.org', 'x.local', '1::2::3', '1:2:3:4:5:6:7',
        '::ffff:0.0.0.0']) {
      expect(() => incoming(host(address), lan), address).toThrow('candidate refused');
    }
    for (const address of ['127.0.0.1', '::1', '169.254.1.1', 'fe80::1', '::ffff:127.0.0.1']) {
      expect(() => incoming(host(address), open), address).toThrow('not allowed');
      expect(incoming(host(address), lan).address).toBe(address);
    }
  });

  it('is not resolved by name in a relay-only call', () => {
    expect(() => incoming(host(name), relay)).toThrow('not allowed');
  });

  it('is well-formed', () => {
    for (const line of ['', 'candidate:', host('192.0.2.1').replace('udp', 'tcp'), host('192.0.2.1').replace(' 1 udp',
      ' 2 udp'),
      host('192.0.2.1').replace('5000', '0'), host('192.0.2.1').replace('5000', '65536'),
        host('192.0.2.1').replace('2122260223', '4294967296'),
      host('192.0.2.1').replace('host', 'best'), `${host('192.0.2.1')} ufrag`, `${host('192.0.2.1')} ufrag <b>`,
      host('192.0.2.1').replace(':1 ', ':- '), `${host('192.0.2.1')}${' a b'.repeat(200)}`,
        `${host('192.0.2.1')}\r\na=x`]) {
      expect(() => incoming(line, lan), line).toThrow('candidate refused');
    }
  });

  it('is read back as it was written', () => {
    const line = 'candidate:7 1 udp 41885439 192.0.2.15 50416 typ relay raddr 0.0.0.0 rport 9 ufrag Rl0E';
    expect(writeCandidate(parseCandidate(line))).toBe(line);
  });
});

describe('the candidates of the peer', () => {
  const collect = () => {
    const used: string[] = [];
    return { used, all: new RemoteCandidates(open, (line, ufrag) => used.push(`${ufrag} ${line.split(' ')[4]}`)) };
  };

  it('wait for their description', () => {
    const { used, all } = collect();
    all.add(`${host('192.0.2.1')} ufrag aaaa`);
    all.add(host('192.0.2.2'));
    all.add(`${host('192.0.2.9')} ufrag gone`);
    expect(used).toEqual([]);
    all.described('aaaa', [host('192.0.2.3'), 'nonsense']);
    expect(used).toEqual(['aaaa 192.0.2.1', 'aaaa 192.0.2.2', 'aaaa 192.0.2.3']);
    all.add(`${host('192.0.2.4')} ufrag bbbb`);
    expect(used.length).toBe(3);
    all.described('bbbb', []);
    expect(used.at(-1)).toBe('bbbb 192.0.2.4');
  });

  it(`are at most ${maxCandidates}, and the same one counts once`, () => {
    const { used, all } = collect();
    all.described('aaaa', []);
    for (let i = 0; i < 100; i++) {
      all.add(host('192.0.2.200'));
    }
    for (let i = 1; i < maxCandidates; i++) {
      all.add(host(`192.0.2.${i}`));
    }
    expect(used.length).toBe(32);
    expect(() => all.add(host('192.0.2.99'))).toThrow('more than 32');
    expect(() => all.add(host('192.0.2.200'))).not.toThrow();
  });

  it('that come early are at most as many', () => {
    const { all } = collect();
    for (let i = 0; i < maxCandidates; i++) {
      all.add(host(`192.0.2.${i}`));
    }
    expect(() => all.add(host('192.0.2.99'))).toThrow('more than 32');
  });
});
