/** TCP headers of which a capture kept only the start: how many, and which snap length would have kept them whole. */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { counted } from '../trace/counted.ts'
import { TCP_MAX_HEADER_LENGTH } from '../wire/tcp.ts'

/** The first ones stand for all. */
const MAX_FRAMES = 5

/** Packets that were cut within the header; plain data, as threads pass it on. */
export interface CutHeaders {
  readonly count: number
  readonly first: readonly number[]
  /** The most octets that were kept of one of them, and as many as would hold the header of any. */
  readonly kept: number
  readonly wanted: number
}

export const NO_CUT_HEADERS: CutHeaders = { count: 0, first: [], kept: 0, wanted: 0 }

/** The same, one packet more. */
export function withCutHeader({ count, first, kept, wanted }: CutHeaders, packet: Packet): CutHeaders {
  const { capturedLength, left } = packet
  return {
    count: count + 1,
    first: first.length < MAX_FRAMES ? [...first, packet.number] : first,
    kept: Math.max(kept, capturedLength),
    wanted: Math.max(wanted, capturedLength - left + TCP_MAX_HEADER_LENGTH),
  }
}

/** Those of several shards together. */
export function joinedCutHeaders(parts: readonly CutHeaders[]): CutHeaders {
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    first: parts
      .flatMap(({ first }) => first)
      .sort((one, other) => one - other)
      .slice(0, MAX_FRAMES),
    kept: Math.max(...parts.map(({ kept }) => kept)),
    wanted: Math.max(...parts.map(({ wanted }) => wanted)),
  }
}

/** Whether the capture ends within the header; a quotation ends where ICMP ended it. */
export const isHeaderCut = (packet: Packet, { held, headerLength }: TcpFields): boolean =>
  held < headerLength && !packet.isQuoted && packet.end < packet.wireEnd

/** `3 TCP packets were captured ...`; '': there are none. @param lacks what was captured of them. @param so what follows of it */
export function cutHeadersText({ count, kept, wanted }: CutHeaders, lacks: string, so: string): string {
  if (count === 0) return ''
  const were = count === 1 ? 'was' : 'were'
  return `${counted(count, 'TCP packet')} ${were} captured ${lacks} (snap length ${kept}): ${so}; a snap length of ${wanted} has all headers`
}

export const UNREAD = 'with fewer than 16 octets of header'
export const WITHOUT_HEADER = 'without their whole header'
export const OPTIONS_CUT = 'without all options'
