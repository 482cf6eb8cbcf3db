// For tests: the vocabulary of the golden runs that the Go side's machine test reads too (call/testdata/*.txt).

import type { Effect } from './effect.ts';
import type { Input } from './input.ts';
import { Machine } from './machine.ts';
import { AuthError, EndReason, reasonName } from './reason.ts';
import type { Role } from './state.ts';

const [I, A, A2, W, a1, a2] = ['11', 'aa', 'ab', '77', '01', '02'].map((b) => b.padEnd(64, '0')) as
  [string, string, string, string, string, string];
const shown: Record<string, string> = { [I]: 'I', [A]: 'A', [A2]: 'A2', [W]: 'W', [a1]: 'a1', [a2]: 'a2', '': '0' };

/** The inputs that a golden run can name. */
export const words: Record<string, Input> = {
  'start': { is: 'start' },
  'answer': { is: 'answer', late: false },
  'answer-late': { is: 'answer', late: true },
  'refuse-busy': { is: 'refuse', reason: EndReason.Busy },
  'hangup': { is: 'hangup', reason: EndReason.Left },
  'close': { is: 'hangup', reason: EndReason.Closed },
  'roam': { is: 'roam' },
  'renew': { is: 'renew' },
  'invite-again': { is: 'invite' },
  'ringing': { is: 'ringing', ref: I },
  'ringing-other': { is: 'ringing', ref: A },
  'accept': { is: 'accept', ref: I, hash: A, late: false },
  'accept-late': { is: 'accept', ref: I, hash: A, late: true },
  'accept-second': { is: 'accept', ref: I, hash: A2, late: false },
  'accept-other-ref': { is: 'accept', ref: A, hash: A2, late: false },
  'decline': { is: 'decline', ref: I, hash: W, reason: EndReason.Declined },
  'decline-busy': { is: 'decline', ref: I, hash: W, reason: EndReason.Busy },
  'decline-skew': { is: 'decline', ref: I, hash: W, reason: EndReason.ClockSkew },
  'cancel': { is: 'cancel', ref: I, reason: EndReason.Cancelled, winner: '' },
  'cancel-lost-race': { is: 'cancel', ref: I, reason: EndReason.AnsweredElsewhere, winner: A2 },
  'cancel-won-race': { is: 'cancel', ref: I, reason: EndReason.AnsweredElsewhere, winner: A },
  'welcome': { is: 'welcome', ref: A, hash: W },
  'welcome-other': { is: 'welcome', ref: A2, hash: W },
  'ack': { is: 'ack', ref: A, epoch: 1, auth: a1, got: false },
  'ack-got': { is: 'ack', ref: A, epoch: 1, auth: a1, got: true },
  'ack-forked': { is: 'ack', ref: A, epoch: 1, auth: a2, got: false },
  'ack2': { is: 'ack', ref: A, epoch: 2, auth: a2, got: true },
  'bye': { is: 'bye', ref: A, reason: EndReason.Left },
  'bye-other': { is: 'bye', ref: A2, reason: EndReason.Left },
  'sealed-accept': { is: 'sealed', type: 'Accept', hash: A },
  'group': { is: 'group', epoch: 1, auth: a1 },
  'group2': { is: 'group', epoch: 2, auth: a2 },
  'up': { is: 'transport', path: 'up' },
  'down': { is: 'transport', path: 'down' },
  'dead': { is: 'transport', path: 'dead' },
  'frame': { is: 'frame' },
  'restarted': { is: 'restarted' },
  'fault-auth': { is: 'fault', reason: EndReason.AuthFailed, cause: new AuthError() },
  'fault-media': { is: 'fault', reason: EndReason.MediaFailed, cause: new Error('bad SDP') },
};

/** The word's input; throws for a word that is not there. */
export function word(name: string): Input {
  const input = words[name];
  if (!input) throw new Error(`no input is called ${name}`);
  return input;
}

/** A new machine whose Invite is the one of the words. */
export function machineOf(role: Role, late = false): Machine {
  return new Machine(role, I, undefined, late);
}

function showEffect(f: Effect): string {
  switch (f.do) {
    case 'send': return `Send{Type:${f.type}}`;
    case 'cancel': return `Cancel{Reason:${reasonName(f.reason)} Winner:${shown[f.winner]}}`;
    case 'decline': return `Decline{Reason:${reasonName(f.reason)}}`;
    case 'ack': return `Ack{Epoch:${f.epoch} Auth:${shown[f.auth]} Got:${f.got}}`;
    case 'bye': return `Bye{Reason:${reasonName(f.reason)}}`;
    case 'state': return `State{State:${f.state}}`;
    case 'group': return `Group{Accept:${shown[f.accept]}}`;
    case 'join': return `Join{Welcome:${shown[f.welcome]}}`;
    case 'switch': return `Switch{Epoch:${f.epoch}}`;
    case 'end': {
      const cause = f.cause instanceof Error ? `call: ${f.cause.message}` : '<nil>';
      return `End{Reason:${reasonName(f.reason)} Remote:${f.remote} Wait:${f.wait} Cause:${cause}}`;
    }
    default: return `${f.do.charAt(0).toUpperCase()}${f.do.slice(1)}{}`;
  }
}

function show(fx: Effect[]): string[] {
  return fx.map((f) => `    ${showEffect(f)}`);
}

/** Reads a duration in Go's notation, such as 1m30.5s, in milliseconds. */
export function milliseconds(s: string): number {
  const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return [...s.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce((sum, [, n, u]) => sum + Number(n) * (unit[u ?? ''] ?? NaN), 0);
}

/** Writes milliseconds in Go's notation. */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** Plays a golden run: each line is a role, an input or "wait D"; returns the text with the effects as they are now. */
export function play(script: string): string {
  const out: string[] = [];
  let now = 0;
  let m = machineOf('caller');
  for (const line of script.split('\n').slice(0, -1)) {
    if (line.startsWith(' ')) continue;
    out.push(line);
    if (line === '' || line.startsWith('#')) continue;
    if (line === 'caller' || line === 'callee') {
      m = machineOf(line);
    } else if (line.startsWith('wait ')) {
      const until = now + milliseconds(line.slice(5));
      for (let at = m.deadline(); at !== undefined && at <= until; at = m.deadline()) {
        now = at;
        out.push(`  at ${duration(now)}`, ...show(m.step(now)));
      }
      now = until;
    } else {
      out.push(...show(m.step(now, word(line))));
    }
  }
  return `${out.join('\n')}\n`;
}
