/** What a candidate's address may be. */
export interface AddressPolicy {
  /** A call inside one network or one machine: link-local and loopback addresses are of use. */
  lan: boolean;
}

/**
 * Reports whether a numeric address (no zone) may be that of a peer. Names, malformed and special addresses may not.
 */
export function allowsAddress(text: string, policy: AddressPolicy): boolean {
  const v4 = parseIPv4(text);
  if (v4 !== undefined) {
    return allowsIPv4(v4, policy);
  }
  const v6 = parseIPv6(text);
  return v6 !== undefined && allowsIPv6(v6, policy);
}

/** Reports whether `text` is a numeric address at all. */
export function isAddress(text: string): boolean {
  return parseIPv4(text) !== undefined || parseIPv6(text) !== undefined;
}

function allowsIPv4(b: readonly number[], policy: AddressPolicy): boolean {
  const [first = 0, second = 0] = b;
  if (first === 0 || first >= 224) {
    return false; // "this network", multicast, reserved, broadcast
  }
  return policy.lan || !(first === 127 || first === 169 && second === 254);
}

function allowsIPv6(w: readonly number[], policy: AddressPolicy): boolean {
  if (w.slice(0, 5).every((x) => x === 0) && w[5] === 0xffff) {
    const [high = 0, low = 0] = w.slice(6);
    return allowsIPv4([high >> 8, high & 255, low >> 8, low & 255], policy);
  }
  const first = w[0] ?? 0;
  if (first >= 0xff00 || w.every((x) => x === 0)) {
    return false; // multicast, unspecified
  }
  const loopback = w.slice(0, 7).every((x) => x === 0) && w[7] === 1;
  return policy.lan || !(loopback || (first & 0xffc0) === 0xfe80);
}

function parseIPv4(text: string): number[] | undefined {
  const parts = text.split('.');
  const ok = parts.length === 4 && parts.every((p) => /^(0|[1-9]\d{0,2})$/.test(p) && Number(p) < 256);
  return ok ? parts.map(Number) : undefined;
}

/** Eight 16-bit words (RFC 4291, section 2.2). */
function parseIPv6(text: string): number[] | undefined {
  if (text.length > 45 || !text.includes(':')) {
    return undefined;
  }
  const halves = text.split('::');
  const [head, tail] = halves.map(parseWords);
  if (halves.length > 2 || head === undefined || halves.length === 2 && tail === undefined) {
    return undefined;
  }
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) {
    return undefined;
  }
  return [...head, ...Array<number>(missing).fill(0), ...(tail ?? [])];
}

function parseWords(text: string): number[] | undefined {
  const out: number[] = [];
  const parts = text === '' ? [] : text.split(':');
  for (const [i, part] of parts.entries()) {
    const v4 = i === parts.length - 1 ? parseIPv4(part) : undefined;
    if (v4 !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = v4;
      out.push(a << 8 | b, c << 8 | d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      out.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return out;
}
