import type { Kind } from './sdp_codec.ts';
import type { MediaSection } from './section.ts';

/** What one stream of ours did. Counts are from the start; where a browser does not say, they are 0. */
export interface SentStats {
  ctx: number;
  mid: string;
  kind: Kind;
  codec: string;
  bytes: number;
  packets: number;
  /** Packets sent again. */
  repeated: number;
  frames: number;
  keyFrames: number;
  width: number;
  height: number;
  framesPerSecond: number;
  /** What holds the encoder back: none, cpu, bandwidth or other. */
  limitedBy: string;
  /** Packets that the peer misses, of 1. */
  loss: number;
}

/** What one stream of the peer did. */
export interface ReceivedStats {
  mid: string;
  kind: Kind;
  codec: string;
  bytes: number;
  packets: number;
  lost: number;
  /** Seconds. */
  jitter: number;
  framesReceived: number;
  framesDecoded: number;
  framesDropped: number;
  keyFrames: number;
  freezes: number;
  width: number;
  height: number;
  framesPerSecond: number;
  /** Of the sound that was played, in no unit: it rises while there is any. */
  audioEnergy: number;
  /** Of 1, now. */
  audioLevel: number;
  /** Samples that were made up for lost ones, and all. */
  concealed: number;
  samples: number;
}

/** A connection at one moment. */
export interface ConnStats {
  /** Milliseconds; undefined before it was measured. */
  rtt: number | undefined;
  /** Goes through a TURN server of ours or of the peer; undefined without a path. */
  relayed: boolean | undefined;
  /** Bits a second that the path is thought to carry. */
  available: number | undefined;
  bytesSent: number;
  bytesReceived: number;
  sent: SentStats[];
  received: ReceivedStats[];
}

type Row = Record<string, unknown>;

/** Reads what a browser tells. The report is sorted by section; addresses and ids are left behind. */
export function snapshot(report: RTCStatsReport, sections: readonly MediaSection[]): ConnStats {
  const rows = new Map<string, Row>();
  report.forEach((row: Row, id: string) => rows.set(id, row));
  const all = [...rows.values()];
  const pair = selectedPair(rows, all);
  const type = (id: unknown) => rows.get(String(id))?.['candidateType'];
  const rtt = pair?.['currentRoundTripTime'];
  const available = pair?.['availableOutgoingBitrate'];
  return {
    rtt: typeof rtt === 'number' ? rtt * 1000 : undefined,
    relayed: pair && [pair['localCandidateId'], pair['remoteCandidateId']].some((id) => type(id) === 'relay'),
    available: typeof available === 'number' ? available : undefined,
    bytesSent: count(pair, 'bytesSent'), bytesReceived: count(pair, 'bytesReceived'),
    sent: each(all, 'outbound-rtp', sections, (row, s) => sentStats(row, s, rows)),
    received: each(all, 'inbound-rtp', sections, (row, s) => receivedStats(row, s, rows)),
  };
}

function each<T>(
  all: Row[], type: string, sections: readonly MediaSection[], read: (row: Row, s: MediaSection) => T,
): T[] {
  return sections.flatMap((s) => all
    .filter((row) => row['type'] === type && s.mid !== '' && s.mid === row['mid'])
    .map((row) => read(row, s)));
}

/** Chromium names the selected pair, Firefox marks it. */
function selectedPair(rows: Map<string, Row>, all: Row[]): Row | undefined {
  const transport = all.find((row) => row['type'] === 'transport');
  const named = rows.get(String(transport?.['selectedCandidatePairId']));
  return named ?? all.find((row) => row['type'] === 'candidate-pair' && row['selected'] === true);
}

function sentStats(row: Row, s: MediaSection, rows: Map<string, Row>): SentStats {
  const peer = rows.get(String(row['remoteId']));
  return {
    ctx: s.ctx ?? -1, mid: s.mid, kind: s.kind, codec: codecOf(row, rows), bytes: count(row, 'bytesSent'),
    packets: count(row, 'packetsSent'), repeated: count(row, 'retransmittedPacketsSent'),
    frames: count(row, 'framesEncoded'), keyFrames: count(row, 'keyFramesEncoded'),
    width: count(row, 'frameWidth'), height: count(row, 'frameHeight'),
    framesPerSecond: count(row, 'framesPerSecond'), limitedBy: String(row['qualityLimitationReason'] ?? 'none'),
    loss: count(peer, 'fractionLost'),
  };
}

function receivedStats(row: Row, s: MediaSection, rows: Map<string, Row>): ReceivedStats {
  return {
    mid: s.mid, kind: s.kind, codec: codecOf(row, rows),
    bytes: count(row, 'bytesReceived'), packets: count(row, 'packetsReceived'), lost: count(row, 'packetsLost'),
    jitter: count(row, 'jitter'), framesReceived: count(row, 'framesReceived'),
    framesDecoded: count(row, 'framesDecoded'), framesDropped: count(row, 'framesDropped'),
    keyFrames: count(row, 'keyFramesDecoded'), freezes: count(row, 'freezeCount'),
    width: count(row, 'frameWidth'), height: count(row, 'frameHeight'), framesPerSecond: count(row, 'framesPerSecond'),
    audioEnergy: count(row, 'totalAudioEnergy'), audioLevel: count(row, 'audioLevel'),
    concealed: count(row, 'concealedSamples'), samples: count(row, 'totalSamplesReceived'),
  };
}

function codecOf(row: Row, rows: Map<string, Row>): string {
  return String(rows.get(String(row['codecId']))?.['mimeType'] ?? '').replace(/^\w+\//, '');
}

function count(row: Row | undefined, key: string): number {
  const value = row?.[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
