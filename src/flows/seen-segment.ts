/** A captured TCP segment as the record that traces, ladders and log lines are made of. */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { optionsOf, optionValues } from '../dissect/tcp-details.ts'
import type { SegmentRecord } from '../trace/events.ts'
import {
  KIND_MSS,
  KIND_SACK,
  KIND_SACK_PERMITTED,
  KIND_TIMESTAMPS,
  KIND_WINDOW_SCALE,
} from '../wire/tcp-options.ts'
import type { TcpAnalysis } from './tcp-analysis.ts'

export function seenSegment(packet: Packet, tcp: TcpFields, analysis: TcpAnalysis): SegmentRecord {
  const record: { -readonly [K in keyof SegmentRecord]: SegmentRecord[K] } = {
    srcPort: tcp.sourcePort,
    dstPort: tcp.destinationPort,
    seq: tcp.seq,
    ack: tcp.ack,
    flags: tcp.flags,
    window: tcp.window,
    scaledWindow: analysis.window,
    urgentPointer: tcp.urgentPointer,
    length: Math.max(0, tcp.textLength),
  }
  for (const option of optionsOf(packet, tcp)) {
    const values = optionValues(packet.bytes, option)
    const [first, second] = values
    if (option.kind === KIND_SACK_PERMITTED) record.sackPermitted = true
    else if (option.kind === KIND_SACK && values.length > 1) record.sack = blocksOf(values)
    else if (option.kind === KIND_MSS && first !== undefined) record.mss = first
    else if (option.kind === KIND_WINDOW_SCALE && first !== undefined) record.windowScale = first
    else if (option.kind === KIND_TIMESTAMPS && first !== undefined && second !== undefined) {
      record.timestamps = { val: first, ecr: second }
    }
  }
  return record
}

function blocksOf(edges: readonly number[]): { left: number; right: number }[] {
  const blocks: { left: number; right: number }[] = []
  for (let k = 0; k + 1 < edges.length; k += 2) blocks.push({ left: edges[k]! | 0, right: edges[k + 1]! | 0 })
  return blocks
}
