/** How a connection's doings become trace events. Each function looks first whether there is a trace. */

import type { CallName, SegmentRecord, SignalName, TimerName } from '../trace/events.ts'
import type { CloseReason, DropReason, SendReason } from '../trace/reasons.ts'
import { type Segment, SYN } from '../wire/segment.ts'
import { flightSize, type Tcb } from './tcb.ts'

/** Copies a borrowed segment. `shift` is the window scale in force for its direction. */
export function recordSegment(seg: Segment, shift: number): SegmentRecord {
  const record: { -readonly [K in keyof SegmentRecord]: SegmentRecord[K] } = {
    srcPort: seg.srcPort,
    dstPort: seg.dstPort,
    seq: seg.seq,
    ack: seg.ack,
    flags: seg.flags,
    window: seg.window,
    scaledWindow: (seg.flags & SYN) !== 0 ? seg.window : seg.window << shift,
    urgentPointer: seg.urgentPointer,
    length: seg.textLength,
  }
  // Not spread into a literal: a run of an hour makes millions of these, and that takes thirty times as long.
  if (seg.mss >= 0) record.mss = seg.mss
  if (seg.windowScale >= 0) record.windowScale = seg.windowScale
  if (seg.sackPermitted) record.sackPermitted = true
  if (seg.hasTimestamps) record.timestamps = { val: seg.tsVal, ecr: seg.tsEcr }
  return record
}

export function traceSent(tcb: Tcb, seg: Segment, reason: SendReason): void {
  if (tcb.trace === null) return
  tcb.trace.add({
    kind: 'sent',
    ...where(tcb),
    segment: recordSegment(seg, tcb.rcvScale),
    reason,
    packet: tcb.trace.packet,
  })
}

export function traceReceived(tcb: Tcb, seg: Segment): void {
  if (tcb.trace === null) return
  tcb.trace.add({
    kind: 'received',
    ...where(tcb),
    segment: recordSegment(seg, tcb.sndScale),
    packet: tcb.trace.packet,
  })
}

export function traceDropped(tcb: Tcb, reason: DropReason): void {
  if (tcb.trace === null) return
  tcb.trace.add({ kind: 'dropped', ...where(tcb), reason, packet: tcb.trace.packet })
}

export function traceSignal(tcb: Tcb, name: SignalName, reason?: CloseReason): void {
  if (tcb.trace === null) return
  tcb.trace.add({ kind: 'signal', ...where(tcb), signal: name, ...(reason !== undefined && { reason }) })
}

/** `inUs`: microseconds until it expires, told where it was started. */
export function traceTimer(
  tcb: Tcb,
  timer: TimerName,
  action: 'started' | 'stopped' | 'expired',
  inUs = 0,
): void {
  if (tcb.trace === null) return
  const event = { kind: 'timer', ...where(tcb), timer, action } as const
  tcb.trace.add(action === 'started' ? { ...event, inUs } : event)
}

export function traceCall(tcb: Tcb, call: CallName, octets?: number, detail?: string): void {
  if (tcb.trace === null) return
  tcb.trace.add({
    kind: 'call',
    ...where(tcb),
    call,
    ...(octets !== undefined && { octets }),
    ...(detail !== undefined && { detail }),
  })
}

export function traceRecovery(tcb: Tcb): void {
  if (tcb.trace === null) return
  const { cwnd, ssthresh } = tcb.congestion
  const phase = tcb.recovery.active
    ? 'fast-recovery'
    : tcb.lost.active
      ? 'loss-recovery'
      : cwnd < ssthresh
        ? 'slow-start'
        : 'congestion-avoidance'
  const { rtoUs, srttUs } = tcb.rtt
  tcb.trace.add({
    kind: 'recovery',
    ...where(tcb),
    phase,
    cwnd,
    ssthresh,
    flight: flightSize(tcb),
    rtoUs,
    srttUs,
  })
}

function where(tcb: Tcb): { at: number; host: string; connection: number } {
  return { at: tcb.clock.now, host: tcb.host, connection: tcb.id }
}
