/**
 * From a plan to octets: the IP packet that carries the segment chosen, written straight into the frame.
 */

import type { SendReason } from '../trace/reasons.ts'
import { ipHeaderLength, writeIpHeader } from '../wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { ACK, RST, Segment, SYN, URG } from '../wire/segment.ts'
import { TCP_CHECKSUM, tcpChecksum, writeTcpHeader } from '../wire/tcp.ts'
import { timestampNow } from './ack-arrives.ts'
import { mssToOffer } from './mss.ts'
import { plan } from './output.ts'
import { SYN_SENT } from './state.ts'
import { dataStart, type Tcb } from './tcb.ts'
import { traceSent } from './tracing.ts'
import { synWindow, windowField, windowOffered } from './window.ts'

/** Scratch: what the packet being written says. */
const ip = new IpHeader()
const seg = new Segment()

/** One entry of memory: drivers send from one frame, and making a DataView costs more than writing the header. */
let viewed: Uint8Array | null = null
let view: DataView = new DataView(new ArrayBuffer(0))

/** A DataView over the frame's octets. */
function viewOf(frame: Uint8Array): DataView {
  if (viewed !== frame) {
    viewed = frame
    view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  }
  return view
}

/**
 * Writes the packet for the segment in `plan` to frame[0...] and returns its length in octets.
 *
 * @throws RangeError where the frame is shorter than the packet: frames are as long as the link's largest packet.
 */
export function writeSegment(tcb: Tcb, reason: SendReason, frame: Uint8Array): number {
  fillSegment(tcb)
  if (reason === 'keep-alive' && tcb.config.keepAliveGarbage) seg.textLength = 1 // MAY-6
  const out = viewOf(frame)
  const tcpAt = ipHeaderLength(tcb.path.version)
  const headerLength = writeTcpHeader(out, tcpAt, seg)
  const textAt = tcpAt + headerLength
  if (plan.length > 0) {
    tcb.sendBuffer.copyTo((plan.seq - dataStart(tcb)) | 0, frame, textAt, plan.length)
  } else if (seg.textLength > 0) {
    frame[textAt] = 0
  }
  const tcpLength = headerLength + seg.textLength
  fillIpHeader(tcb, tcpAt + tcpLength)
  writeIpHeader(out, 0, ip)
  if (!tcb.path.checksumOffload) out.setUint16(tcpAt + TCP_CHECKSUM, tcpChecksum(frame, ip, tcpAt, tcpLength)) // MUST-2
  traceSent(tcb, seg, reason)
  return tcpAt + tcpLength
}

function fillSegment(tcb: Tcb): void {
  const { path, rcv, snd } = tcb
  const { flags } = plan
  seg.srcPort = path.localPort
  seg.dstPort = path.remotePort
  seg.seq = plan.seq
  seg.flags = flags
  seg.ack = (flags & ACK) !== 0 ? rcv.nxt : 0
  seg.textLength = plan.length
  seg.urgentPointer = (flags & URG) === 0 ? 0 : Math.min((snd.up - plan.seq) | 0, 0xffff)
  seg.mss = -1
  seg.windowScale = -1
  seg.sackPermitted = false
  // RFC 7323 3.2 (e): once agreed on, in every segment but a reset, which has something to echo only with ACK.
  seg.hasTimestamps = tcb.timestamps && (flags & (RST | ACK)) !== RST
  seg.tsVal = timestampNow(tcb)
  seg.tsEcr = (flags & ACK) !== 0 ? tcb.tsRecent : 0 // RFC 7323 3.2 (a, b), 4.3 (3)
  if ((flags & SYN) !== 0) return fillSyn(tcb)
  if ((flags & RST) !== 0) {
    seg.window = 0
    return
  }
  seg.window = windowField(tcb) // RFC 7323 2.3 (e): in units of 2^rcvScale
  windowOffered(tcb, seg.window << tcb.rcvScale)
}

/**
 * MUST-14, MUST-65: the MSS option stands in a SYN and nowhere else. SHLD-5, MAY-3: always sent. RFC 7323 2.2 (a, b, d),
 * 2.3 (b): so does our shift, though it be 0. RFC 7323 1.3 (a), 2.3 (a), 3.2 (d): in a SYN-ACK only what the SYN had.
 */
function fillSyn(tcb: Tcb): void {
  const first = tcb.state === SYN_SENT
  seg.mss = mssToOffer(tcb)
  const agreed = first ? tcb.offer : tcb
  seg.windowScale = agreed.scaling ? tcb.offer.shift : -1
  seg.hasTimestamps = agreed.timestamps
  seg.window = synWindow(tcb)
  windowOffered(tcb, seg.window)
}

function fillIpHeader(tcb: Tcb, totalLength: number): void {
  const { path, config } = tcb
  ip.version = path.version
  ip.tos = config.dscp << 2 // MUST-48, SHLD-22
  ip.ttl = config.ttl // MUST-49
  ip.protocol = PROTOCOL_TCP
  ip.identification = 0 // RFC 6864 4.1: with DF set it means nothing
  ip.dontFragment = true // RFC 1191 3, RFC 7323 5.7: path MTU discovery
  ip.src0 = path.local0
  ip.src1 = path.local1
  ip.src2 = path.local2
  ip.src3 = path.local3
  ip.dst0 = path.remote0
  ip.dst1 = path.remote1
  ip.dst2 = path.remote2
  ip.dst3 = path.remote3
  ip.totalLength = totalLength
}
