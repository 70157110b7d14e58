/**
 * TCP_INFO: STATUS of a connection (RFC 9293 3.10.6) by the names and in the units of Linux's `struct tcp_info`: segments
 * where Elko counts octets, microseconds and milliseconds mixed as there.
 */

import { TIME_WAIT } from '../tcp/state.ts'
import { flightSize } from '../tcp/tcb.ts'
import { receiveWindow } from '../tcp/window.ts'
import { seqGE } from '../wire/seq.ts'
import { CONSTANTS } from './constants.ts'
import { unsentOctets } from './send-memory.ts'
import type { TcpSocket } from './tcp-socket.ts'

/** Linux's number of a state, by Elko's. */
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
  // TIME-WAIT.
  CONSTANTS.TCP_CLOSE,
]

/** No loss was seen yet. */
const INFINITE_SSTHRESH = 0x7fffffff

export type TcpInfo = Readonly<Record<string, number>>

/** @param ownsTimeWait a connection in TIME-WAIT still counts as its socket's, as in the BSDs; to Linux it is closed. */
export function tcpInfo(socket: TcpSocket, now: number, ownsTimeWait = false): TcpInfo {
  const { connection, listener } = socket
  if (connection === null) {
    const state = listener === null ? CONSTANTS.TCP_CLOSE : CONSTANTS.TCP_LISTEN
    const waiting =
      listener === null ? {} : { tcpi_unacked: listener.waiting, tcpi_sacked: listener.backlog - 1 }
    return { ...NOTHING, tcpi_state: state, ...waiting }
  }
  const { tcb } = connection
  const { rtt, congestion, recovery, counts } = tcb
  const mss = Math.max(tcb.mss, 1)
  const segments = (octets: number): number => Math.ceil(octets / mss)
  const since = (time: number): number => (time < 0 ? 0 : Math.floor((now - time) / 1000))
  const unacked = segments(flightSize(tcb))
  const lost = tcb.lost.active ? segments((tcb.lost.end - tcb.snd.una) | 0) : recovery.active ? 1 : 0
  return {
    ...NOTHING,
    tcpi_state: tcb.state === TIME_WAIT && ownsTimeWait ? CONSTANTS.TCP_TIME_WAIT : STATES[tcb.state]!,
    tcpi_ca_state: congestionState(socket),
    tcpi_retransmits: tcb.retransmissions,
    tcpi_probes: tcb.probes,
    tcpi_backoff: rtt.backoff,
    tcpi_options:
      (tcb.timestamps ? CONSTANTS.TCPI_OPT_TIMESTAMPS : 0) | (tcb.scaling ? CONSTANTS.TCPI_OPT_WSCALE : 0),
    tcpi_snd_wscale: tcb.sndScale,
    tcpi_rcv_wscale: tcb.rcvScale,
    tcpi_rto: Math.round(rtt.rtoUs),
    tcpi_ato: tcb.config.delayedAckMs * 1000,
    tcpi_snd_mss: tcb.mss,
    tcpi_rcv_mss: tcb.receivedMss || Math.min(tcb.mss, tcb.receiveMss),
    tcpi_unacked: unacked,
    tcpi_sacked: Math.min(recovery.duplicates, unacked),
    tcpi_lost: lost,
    tcpi_retrans: retransmitted(socket),
    tcpi_last_data_sent: since(tcb.lastSentAt),
    tcpi_last_data_recv: since(Math.max(counts.lastTextAt, counts.synchronizedAt)),
    tcpi_last_ack_recv: since(tcb.lastReceivedAt),
    tcpi_pmtu: tcb.path.mtu,
    tcpi_rcv_ssthresh: receiveWindow(tcb),
    tcpi_rtt: Math.round(rtt.srttUs),
    tcpi_rttvar: Math.round(rtt.rttvarUs),
    tcpi_snd_ssthresh:
      congestion.ssthresh === Number.MAX_SAFE_INTEGER
        ? INFINITE_SSTHRESH
        : Math.floor(congestion.ssthresh / mss),
    tcpi_snd_cwnd: Math.floor(congestion.cwnd / mss),
    tcpi_advmss: tcb.receiveMss,
    tcpi_reordering: tcb.config.duplicateAckThreshold,
    tcpi_total_retrans: tcb.totalRetransmissions,
    tcpi_bytes_acked: Math.max(0, counts.octetsAcknowledged),
    tcpi_bytes_received: counts.octetsReceived,
    tcpi_bytes_sent: counts.octetsSent,
    tcpi_bytes_retrans: counts.octetsRetransmitted,
    tcpi_segs_out: counts.segmentsSent,
    tcpi_segs_in: counts.segmentsReceived,
    tcpi_data_segs_out: counts.textSegmentsSent,
    tcpi_data_segs_in: counts.textSegmentsReceived,
    tcpi_notsent_bytes: unsentOctets(connection),
    tcpi_min_rtt: Number.isFinite(rtt.minUs) ? Math.round(rtt.minUs) : 0xffffffff,
    tcpi_busy_time: Math.round(socket.chronographs.busyUs),
    tcpi_rwnd_limited: Math.round(socket.chronographs.windowUs),
    tcpi_sndbuf_limited: Math.round(socket.chronographs.bufferUs),
    tcpi_snd_wnd: tcb.snd.wnd,
    tcpi_rcv_wnd: receiveWindow(tcb),
    tcpi_rcv_ooopack: counts.outOfOrderSegments,
    tcpi_total_rto: counts.timeouts,
  }
}

/** TCP_CA_Open and so on: what loss recovery is about. */
function congestionState({ connection }: TcpSocket): number {
  const { lost, recovery } = connection!.tcb
  if (lost.active) return CONSTANTS.TCP_CA_Loss
  if (recovery.active) return CONSTANTS.TCP_CA_Recovery
  return recovery.duplicates > 0 ? CONSTANTS.TCP_CA_Disorder : CONSTANTS.TCP_CA_Open
}

/** Segments sent again and not yet acknowledged. */
function retransmitted({ connection }: TcpSocket): number {
  const { lost, recovery, snd, mss, retransmissions } = connection!.tcb
  if (lost.active)
    return seqGE(lost.next, snd.una) ? Math.ceil(((lost.next - snd.una) | 0) / Math.max(mss, 1)) : 0
  if (recovery.active) return 1
  return retransmissions > 0 ? 1 : 0
}

/** Every field, for a socket without a connection. Linux's others have no meaning here and are not told. */
const NOTHING: TcpInfo = Object.fromEntries(
  `state ca_state retransmits probes backoff options snd_wscale rcv_wscale rto ato snd_mss rcv_mss unacked sacked lost
  retrans last_data_sent last_data_recv last_ack_recv pmtu rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd advmss
  reordering total_retrans bytes_acked bytes_received segs_out segs_in notsent_bytes min_rtt data_segs_in
  data_segs_out busy_time rwnd_limited sndbuf_limited bytes_sent bytes_retrans rcv_ooopack snd_wnd rcv_wnd total_rto`
    .split(/\s+/)
    .map((name) => [`tcpi_${name}`, 0]),
)
