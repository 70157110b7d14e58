/** What the options of a SYN offer. */

import { readUint16 } from '../../bytes/big-endian.ts'
import type { Packet, TcpFields } from '../../dissect/packet.ts'
import { TCP_HEADER_LENGTH } from '../../wire/tcp.ts'
import { forEachTcpOption, KIND_MSS, KIND_TIMESTAMPS, KIND_WINDOW_SCALE } from '../../wire/tcp-options.ts'
import type { SideFacts } from './facts.ts'

export function readSynOptions(me: SideFacts, { bytes, end }: Packet, tcp: TcpFields): void {
  const stop = Math.min(tcp.at + tcp.headerLength, end)
  forEachTcpOption(bytes, tcp.at + TCP_HEADER_LENGTH, stop, (kind, valueAt, length) => {
    if (kind === KIND_MSS && length === 2) me.mss = readUint16(bytes, valueAt)
    else if (kind === KIND_WINDOW_SCALE && length === 1) me.scale = bytes[valueAt]!
    else if (kind === KIND_TIMESTAMPS) me.hasTimestamps = true
  })
  me.optionsCut = stop < tcp.at + tcp.headerLength
}
