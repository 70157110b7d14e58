/** The end of a play: whatever connection the script leaves open is reset from outside. */

import { setAddresses } from '../wire/address.ts'
import { IpHeader } from '../wire/ip-header.ts'
import { ACK, RST, Segment } from '../wire/segment.ts'
import { tcpPacketOf } from '../wire/tcp-packet.ts'
import type { Flow } from './flow.ts'
import type { Run } from './run.ts'

/** A reset for each connection on which anything passed, with numbers that the stack under test will take. */
export function resetPackets(run: Run): Uint8Array[] {
  return run.flows.filter((flow) => flow.protocol === 'tcp').flatMap((flow) => resetOf(flow) ?? [])
}

function resetOf(flow: Flow): Uint8Array | null {
  const { lastIn, lastOut, local, remote } = flow
  if (lastIn === null && lastOut === null) return null
  const segment = new Segment()
  segment.srcPort = remote.port
  segment.dstPort = local.port
  segment.flags = RST | ACK
  if (lastOut?.hasAck === true) {
    segment.seq = lastOut.ack
    segment.ack = lastIn?.ack ?? lastOut.seq
  } else if (lastOut !== null) {
    // Nothing but a SYN was sent: what acknowledges it may have any number.
    segment.ack = (lastOut.seq + 1) | 0
  } else {
    segment.seq = lastIn!.next
    segment.ack = lastIn!.ack
  }
  const ip = new IpHeader()
  ip.version = local.address.version
  ip.ttl = 255
  setAddresses(ip, remote.address, local.address)
  return tcpPacketOf(ip, segment)
}
