import { describe, expect, it } from 'vitest';
import { bytesOf, noGo, Peer } from './peer.ts';

describe.skipIf(noGo() !== undefined)('the Go peer', () => {
  it('answers in order, carries bytes, and says what is wrong', async () => {
    const peer = await Peer.start();
    try {
      const many = Array.from({ length: 20 }, (_, i) => peer.request('echo', { data: new Uint8Array([i, 255, 0]) }));
      const answers = await Promise.all(many);
      expect(answers.map((a) => bytesOf(a, 'data')[0])).toEqual([...Array(20).keys()]);
      await expect(peer.request('nonsense')).rejects.toThrow('no op "nonsense" is registered');
    } finally {
      await peer.close();
    }
    await expect(peer.request('echo', { data: new Uint8Array(1) })).rejects.toThrow();
  }, 120_000);
});
