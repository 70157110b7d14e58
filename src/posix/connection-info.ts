/**
 * STATUS of a connection (RFC 9293 3.10.6) by the names and in the units of Linux's `struct tcp_info`: segments where Elko
 * counts octets, microseconds and milliseconds mixed as there. What Linux has beyond these has no meaning here.
 */

import type { Connection } from '../tcp/connection.ts'
import { TIME_WAIT } from '../tcp/state.ts'
import { flightSize } from '../tcp/tcb.ts'
import { receiveWindow } from '../tcp/window.ts'
import { seqGE } from '../wire/seq.ts'
import { CONSTANTS } from './constants.ts'
import { unsentOctets } from './send-memory.ts'

/** Fields of Linux's `struct tcp_info`, without the `tcpi_` before each name. All are whole numbers from 0. */
export interface ConnectionInfo {
  /** 1 ESTABLISHED, 2 SYN-SENT, 3 SYN-RECEIVED, 4 FIN-WAIT-1, 5 FIN-WAIT-2, 6 TIME-WAIT, 7 CLOSED, 8 CLOSE-WAIT, 9 LAST-ACK, 10 LISTEN, 11 CLOSING. */
  readonly state: number
  /** 0 open, 1 disorder, 3 recovery, 4 loss: what loss recovery is about. */
  readonly ca_state: number
  /** Retransmissions of the segment at the front of the queue, in a row. */
  readonly retransmits: number
  /** Zero-window probes without an answer. */
  readonly probes: number
  /** How often the retransmission time-out was doubled. */
  readonly backoff: number
  /** Bits: 1 timestamps, 4 window scaling. */
  readonly options: number
  /** Shift counts of both windows. */
  readonly snd_wscale: number
  readonly rcv_wscale: number
  /** Retransmission time-out, microseconds. */
  readonly rto: number
  /** Delayed acknowledgment, microseconds. */
  readonly ato: number
  /** Octets of text in a segment, sent and received. */
  readonly snd_mss: number
  readonly rcv_mss: number
  /** Segments sent and not acknowledged; of them those that were received out of order, lost, sent again. */
  readonly unacked: number
  readonly sacked: number
  readonly lost: number
  readonly retrans: number
  /** Milliseconds since text was last sent, text and anything last received. */
  readonly last_data_sent: number
  readonly last_data_recv: number
  readonly last_ack_recv: number
  /** Path MTU, octets. */
  readonly pmtu: number
  /** Octets that the window offers to the other side. */
  readonly rcv_ssthresh: number
  /** Smoothed round-trip time and its variation, microseconds. */
  readonly rtt: number
  readonly rttvar: number
  /** Slow start threshold and congestion window, segments; 2147483647 while no loss was seen. */
  readonly snd_ssthresh: number
  readonly snd_cwnd: number
  /** Our MSS option, octets. */
  readonly advmss: number
  /** Duplicate acknowledgments that mean loss. */
  readonly reordering: number
  /** Retransmissions in all, segments. */
  readonly total_retrans: number
  /** Octets of text acknowledged, received, sent (retransmissions included), and sent again. */
  readonly bytes_acked: number
  readonly bytes_received: number
  readonly bytes_sent: number
  readonly bytes_retrans: number
  /** Segments sent and received; of them those with text. */
  readonly segs_out: number
  readonly segs_in: number
  readonly data_segs_out: number
  readonly data_segs_in: number
  /** Octets written and not yet sent. */
  readonly notsent_bytes: number
  /** Shortest round trip, microseconds; 4294967295 before any was measured. */
  readonly min_rtt: number
  /** Windows as offered now by the other side and by this one, octets. */
  readonly snd_wnd: number
  readonly rcv_wnd: number
  /** Segments that arrived out of order. */
  readonly rcv_ooopack: number
  /** Retransmission time-outs. */
  readonly total_rto: number
}

/** Linux's number of a state, by Elko's; TIME-WAIT is no socket's any more there. */
const STATES: readonly number[] = [
  CONSTANTS.TCP_CLOSE,
  CONSTANTS.TCP_LISTEN,
  CONSTANTS.TCP_SYN_SENT,
  CONSTANTS.TCP_SYN_RECV,
  CONSTANTS.TCP_ESTABLISHED,
  CONSTANTS.TCP_FIN_WAIT1,
  CONSTANTS.TCP_FIN_WAIT2,
  CONSTANTS.TCP_CLOSE_WAIT,
  CONSTANTS.TCP_CLOSING,
  CONSTANTS.TCP_LAST_ACK,
  CONSTANTS.TCP_CLOSE,
]

/** No loss was seen yet. */
const INFINITE_SSTHRESH = 0x7fffffff
/** No round trip was measured yet. */
const NO_RTT = 0xffffffff

/**
 * Changes nothing; works after the end as well.
 *
 * @param now microseconds on the connection's clock.
 * @param ownsTimeWait a connection in TIME-WAIT still counts as its socket's, as in the BSDs; to Linux it is closed.
 */
export function connectionInfo(connection: Connection, now: number, ownsTimeWait: boolean): ConnectionInfo {
  const { tcb } = connection
  const { rtt, congestion, recovery, counts } = tcb
  const mss = Math.max(tcb.mss, 1)
  const segments = (octets: number): number => Math.ceil(octets / mss)
  const since = (time: number): number => (time < 0 ? 0 : Math.floor((now - time) / 1000))
  const unacked = segments(flightSize(tcb))
  const lost = tcb.lost.active ? segments((tcb.lost.end - tcb.snd.una) | 0) : recovery.active ? 1 : 0
  return {
    state: tcb.state === TIME_WAIT && ownsTimeWait ? CONSTANTS.TCP_TIME_WAIT : STATES[tcb.state]!,
    ca_state: congestionState(connection),
    retransmits: tcb.retransmissions,
    probes: tcb.probes,
    backoff: rtt.backoff,
    options:
      (tcb.timestamps ? CONSTANTS.TCPI_OPT_TIMESTAMPS : 0) | (tcb.scaling ? CONSTANTS.TCPI_OPT_WSCALE : 0),
    snd_wscale: tcb.sndScale,
    rcv_wscale: tcb.rcvScale,
    rto: Math.round(rtt.rtoUs),
    ato: tcb.config.delayedAckMs * 1000,
    snd_mss: tcb.mss,
    rcv_mss: tcb.receivedMss || Math.min(tcb.mss, tcb.receiveMss),
    unacked,
    sacked: Math.min(recovery.duplicates, unacked),
    lost,
    retrans: retransmitted(connection),
    last_data_sent: since(tcb.lastSentAt),
    last_data_recv: since(Math.max(counts.lastTextAt, counts.synchronizedAt)),
    last_ack_recv: since(tcb.lastReceivedAt),
    pmtu: tcb.path.mtu,
    rcv_ssthresh: receiveWindow(tcb),
    rtt: Math.round(rtt.srttUs),
    rttvar: Math.round(rtt.rttvarUs),
    snd_ssthresh:
      congestion.ssthresh === Number.MAX_SAFE_INTEGER
        ? INFINITE_SSTHRESH
        : Math.floor(congestion.ssthresh / mss),
    snd_cwnd: Math.floor(congestion.cwnd / mss),
    advmss: tcb.receiveMss,
    reordering: tcb.config.duplicateAckThreshold,
    total_retrans: tcb.totalRetransmissions,
    bytes_acked: Math.max(0, counts.octetsAcknowledged),
    bytes_received: counts.octetsReceived,
    bytes_sent: counts.octetsSent,
    bytes_retrans: counts.octetsRetransmitted,
    segs_out: counts.segmentsSent,
    segs_in: counts.segmentsReceived,
    data_segs_out: counts.textSegmentsSent,
    data_segs_in: counts.textSegmentsReceived,
    notsent_bytes: unsentOctets(connection),
    min_rtt: Number.isFinite(rtt.minUs) ? Math.round(rtt.minUs) : NO_RTT,
    snd_wnd: tcb.snd.wnd,
    rcv_wnd: receiveWindow(tcb),
    rcv_ooopack: counts.outOfOrderSegments,
    total_rto: counts.timeouts,
  }
}

/** TCP_CA_Open and so on: what loss recovery is about. */
function congestionState({ tcb: { lost, recovery } }: Connection): number {
  if (lost.active) return CONSTANTS.TCP_CA_Loss
  if (recovery.active) return CONSTANTS.TCP_CA_Recovery
  return recovery.duplicates > 0 ? CONSTANTS.TCP_CA_Disorder : CONSTANTS.TCP_CA_Open
}

/** Segments sent again and not yet acknowledged. */
function retransmitted({ tcb }: Connection): number {
  const { lost, recovery, snd, mss, retransmissions } = tcb
  if (lost.active)
    return seqGE(lost.next, snd.una) ? Math.ceil(((lost.next - snd.una) | 0) / Math.max(mss, 1)) : 0
  if (recovery.active) return 1
  return retransmissions > 0 ? 1 : 0
}
