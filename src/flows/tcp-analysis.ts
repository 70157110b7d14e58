/**
 * What Wireshark's `tcp.analysis` says of a packet: fields under its names, by its rules (4.0, default preferences). One
 * reused object, filled by `SequenceAnalysis`.
 */

import { Interval } from './interval.ts'

/** Bits of `TcpAnalysis.flags`: the fields of `tcp.analysis.flags`. */
export const RETRANSMISSION = 0x1
export const FAST_RETRANSMISSION = 0x2
export const SPURIOUS_RETRANSMISSION = 0x4
export const OUT_OF_ORDER = 0x8
export const REUSED_PORTS = 0x10
export const LOST_SEGMENT = 0x20
export const ACK_LOST_SEGMENT = 0x40
export const WINDOW_UPDATE = 0x80
export const WINDOW_FULL = 0x100
export const KEEP_ALIVE = 0x200
export const KEEP_ALIVE_ACK = 0x400
export const DUPLICATE_ACK = 0x800
export const ZERO_WINDOW = 0x1000
export const ZERO_WINDOW_PROBE = 0x2000
export const ZERO_WINDOW_PROBE_ACK = 0x4000
export const TFO_SYN = 0x8000
export const TFO_ACK = 0x1_0000
export const TFO_IGNORED = 0x2_0000

/** The bits under Wireshark's names, without `tcp.analysis.`. */
export const ANALYSIS_FLAGS: Readonly<Record<string, number>> = {
  retransmission: RETRANSMISSION,
  fast_retransmission: FAST_RETRANSMISSION,
  spurious_retransmission: SPURIOUS_RETRANSMISSION,
  out_of_order: OUT_OF_ORDER,
  reused_ports: REUSED_PORTS,
  lost_segment: LOST_SEGMENT,
  ack_lost_segment: ACK_LOST_SEGMENT,
  window_update: WINDOW_UPDATE,
  window_full: WINDOW_FULL,
  keep_alive: KEEP_ALIVE,
  keep_alive_ack: KEEP_ALIVE_ACK,
  duplicate_ack: DUPLICATE_ACK,
  zero_window: ZERO_WINDOW,
  zero_window_probe: ZERO_WINDOW_PROBE,
  zero_window_probe_ack: ZERO_WINDOW_PROBE_ACK,
  tfo_syn: TFO_SYN,
  tfo_ack: TFO_ACK,
  tfo_ignored: TFO_IGNORED,
}

export class TcpAnalysis {
  /** Whether the header was captured, can be one, and has only options that can be read: else no text is told behind it. */
  isWhole = true
  /** tcp.stream. */
  stream = 0
  /** Whether the sender is the side that sent the conversation's first packet. */
  isFromA = true
  flags = 0
  /** tcp.seq, tcp.nxtseq and tcp.ack: relative, 0 to 2^32 - 1. */
  seq = 0
  nextSeq = 0
  ack = 0
  /** The other side's sequence number that is shown as 0; 0 where none is known. As int32. */
  otherBase = 0
  /** tcp.window_size: octets. */
  window = 0
  /** tcp.window_size_scalefactor: 1 to 16384; -1 unknown, -2 scaling is not used. */
  scaleFactor = -1
  /** tcp.completeness, so far. */
  completeness = 0
  /** tcp.time_relative: since the conversation's first packet; tcp.time_delta: since the one before. */
  readonly sinceFirst = new Interval()
  readonly sinceLast = new Interval()
  /** tcp.analysis.acks_frame, and ack_rtt; 0: it acknowledges no end of a segment. */
  acksFrame = 0
  readonly ackRtt = new Interval()
  /** tcp.analysis.initial_rtt. */
  hasInitialRtt = false
  readonly initialRtt = new Interval()
  /** tcp.analysis.bytes_in_flight, and push_bytes_sent; 0: none is shown. */
  bytesInFlight = 0
  pushBytes = 0
  /** tcp.analysis.rto, and rto_frame; 0: none. */
  rtoFrame = 0
  readonly rto = new Interval()
  /** tcp.analysis.duplicate_ack_num, of the acknowledgment in `duplicateAckFrame`. */
  duplicateAckNumber = 0
  duplicateAckFrame = 0
  /** tcp.connection.fin_active or fin_passive. */
  finIs: 'active' | 'passive' | null = null
  /** Whether Wireshark shows a tree of analysis for the packet; the initial RTT alone does not make one. */
  hasRecord = false

  /** Of a packet whose header was cut by the capture, or cannot be one, Wireshark's analysis goes on and shows nothing. */
  hide(): void {
    const fastOpen = this.flags & (TFO_ACK | TFO_IGNORED)
    this.clear()
    this.flags = fastOpen
  }

  clear(): void {
    this.flags = 0
    this.hasRecord = false
    this.acksFrame = 0
    this.hasInitialRtt = false
    this.bytesInFlight = 0
    this.pushBytes = 0
    this.rtoFrame = 0
    this.duplicateAckNumber = 0
    this.duplicateAckFrame = 0
    this.finIs = null
  }
}
