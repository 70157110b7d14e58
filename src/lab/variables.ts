/** The variables of a connection as the lab shows them: RFC 9293's names, and Linux's tcp_info where it has the same. */

import { dataStart, flightSize, type Tcb } from '../tcp/tcb.ts'
import { receiveWindow } from '../tcp/window.ts'

export type VariableKind =
  /** int32 on a circle; shown as it stands on the wire, or counted from the first. */
  | 'sequence'
  | 'octets'
  | 'segments'
  | 'count'
  /** Microseconds. */
  | 'duration'
  /** Microseconds of the run; Infinity: the timer does not run. */
  | 'deadline'
  | 'flag'

export type VariableGroup =
  | 'Send'
  | 'Receive'
  | 'Congestion and recovery'
  | 'Round trips'
  | 'Timers'
  | 'Buffers'
  | 'Counts'

export interface Variable {
  readonly name: string
  readonly group: VariableGroup
  readonly kind: VariableKind
  /** What it is, in a few words, with its source. */
  readonly about: string
  /** The field of tcp_info with the same meaning; '' where there is none. */
  readonly tcpInfo: string
  /** Whose first number a sequence number is counted from. */
  readonly base: 'iss' | 'irs' | ''
  readonly read: (tcb: Tcb) => number
}

/** ssthresh before the first loss, and what else has no bound yet. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER

type Reader = Variable['read']

function sequence(
  group: VariableGroup,
  name: string,
  base: 'iss' | 'irs',
  about: string,
  read: Reader,
): Variable {
  return { group, name, kind: 'sequence', base, about, tcpInfo: '', read }
}

function variable(
  group: VariableGroup,
  kind: VariableKind,
  name: string,
  about: string,
  read: Reader,
  tcpInfo = '',
): Variable {
  return { group, name, kind, base: '', about, tcpInfo, read }
}

function timer(name: string, about: string, read: Reader): Variable {
  return variable('Timers', 'deadline', name, about, read)
}

const CONGESTION = 'Congestion and recovery'

export const VARIABLES: readonly Variable[] = [
  sequence('Send', 'ISS', 'iss', 'initial send sequence number (RFC 9293 3.3.1)', (tcb) => tcb.iss),
  sequence('Send', 'SND.UNA', 'iss', 'oldest number not acknowledged', (tcb) => tcb.snd.una),
  sequence('Send', 'SND.NXT', 'iss', 'next number to be sent', (tcb) => tcb.snd.nxt),
  variable(
    'Send',
    'octets',
    'SND.WND',
    'window that the other side offers',
    (tcb) => tcb.snd.wnd,
    'tcpi_snd_wnd',
  ),
  sequence('Send', 'SND.UP', 'iss', 'the octet after the last urgent one', (tcb) => tcb.snd.up),
  sequence('Send', 'SND.WL1', 'irs', 'number of the segment of the last window update', (tcb) => tcb.snd.wl1),
  sequence('Send', 'SND.WL2', 'iss', 'acknowledgment of the last window update', (tcb) => tcb.snd.wl2),
  variable(
    'Send',
    'octets',
    'Eff.snd.MSS',
    'octets of text per segment (RFC 9293 3.7.1)',
    (tcb) => tcb.mss,
    'tcpi_snd_mss',
  ),
  sequence('Receive', 'IRS', 'irs', 'initial receive sequence number', (tcb) => tcb.irs),
  sequence('Receive', 'RCV.NXT', 'irs', 'next number expected', (tcb) => tcb.rcv.nxt),
  variable(
    'Receive',
    'octets',
    'RCV.WND',
    'window offered to the other side',
    (tcb) => receiveWindow(tcb),
    'tcpi_rcv_wnd',
  ),
  sequence('Receive', 'RCV.UP', 'irs', 'the octet after the last urgent one', (tcb) => tcb.rcv.up),
  sequence(
    'Receive',
    'Last.ACK.sent',
    'irs',
    'the last acknowledgment sent (RFC 7323 4.3)',
    (tcb) => tcb.rcv.acked,
  ),
  variable(
    CONGESTION,
    'octets',
    'cwnd',
    'congestion window (RFC 5681)',
    (tcb) => tcb.congestion.cwnd,
    'tcpi_snd_cwnd',
  ),
  variable(
    CONGESTION,
    'octets',
    'ssthresh',
    'slow start threshold (RFC 5681)',
    (tcb) => tcb.congestion.ssthresh,
    'tcpi_snd_ssthresh',
  ),
  variable(
    CONGESTION,
    'octets',
    'FlightSize',
    'octets sent and not acknowledged',
    (tcb) => flightSize(tcb),
    'tcpi_unacked',
  ),
  variable(
    CONGESTION,
    'octets',
    'inflation',
    'what duplicate ACKs add to the window (RFC 5681 3.2)',
    (tcb) => tcb.recovery.inflation,
  ),
  variable(CONGESTION, 'flag', 'fast recovery', 'a loss is being repaired (RFC 6582)', (tcb) =>
    tcb.recovery.active ? 1 : 0,
  ),
  variable(CONGESTION, 'flag', 'loss recovery', 'a time-out is being repaired', (tcb) =>
    tcb.lost.active ? 1 : 0,
  ),
  variable(CONGESTION, 'count', 'duplicate ACKs', 'in a row', (tcb) => tcb.recovery.duplicates),
  variable(
    'Round trips',
    'duration',
    'SRTT',
    'smoothed round-trip time (RFC 6298)',
    (tcb) => tcb.rtt.srttUs,
    'tcpi_rtt',
  ),
  variable('Round trips', 'duration', 'RTTVAR', 'its variation', (tcb) => tcb.rtt.rttvarUs, 'tcpi_rttvar'),
  variable(
    'Round trips',
    'duration',
    'RTO',
    'retransmission time-out in force',
    (tcb) => tcb.rtt.rtoUs,
    'tcpi_rto',
  ),
  variable(
    'Round trips',
    'count',
    'back-off',
    'how often the RTO was doubled',
    (tcb) => tcb.rtt.backoff,
    'tcpi_backoff',
  ),
  timer('retransmission', 'or persist, while the window is closed', (tcb) => tcb.timers.retransmission),
  timer('delayed ACK', 'an acknowledgment waits for company', (tcb) => tcb.timers.delayedAck),
  timer('override', 'a small segment waits no longer (RFC 9293 3.8.6.2.1)', (tcb) => tcb.timers.override),
  timer('keep-alive', 'the next probe', (tcb) => tcb.timers.keepAlive),
  timer('user time-out', 'the user gives up', (tcb) => tcb.timers.user),
  timer('TIME-WAIT', '2MSL, or the limit of FIN-WAIT-2', (tcb) => tcb.timers.finalWait),
  variable('Buffers', 'octets', 'queued', 'in the send buffer', (tcb) => tcb.sendBuffer.length),
  variable('Buffers', 'octets', 'unsent', 'of them not sent yet', unsent, 'tcpi_notsent_bytes'),
  variable('Buffers', 'octets', 'send room', 'free in the send buffer', (tcb) => tcb.sendBuffer.free),
  variable('Buffers', 'octets', 'readable', 'received and not read', (tcb) => tcb.receiveBuffer.readable),
  variable(
    'Buffers',
    'octets',
    'out of order',
    'received behind a gap',
    (tcb) => tcb.receiveBuffer.outOfOrder,
  ),
  variable('Counts', 'segments', 'segments sent', '', (tcb) => tcb.counts.segmentsSent, 'tcpi_segs_out'),
  variable(
    'Counts',
    'segments',
    'segments received',
    '',
    (tcb) => tcb.counts.segmentsReceived,
    'tcpi_segs_in',
  ),
  variable(
    'Counts',
    'count',
    'retransmissions',
    'in all',
    (tcb) => tcb.totalRetransmissions,
    'tcpi_total_retrans',
  ),
  variable(
    'Counts',
    'octets',
    'octets acknowledged',
    '',
    (tcb) => tcb.counts.octetsAcknowledged,
    'tcpi_bytes_acked',
  ),
  variable(
    'Counts',
    'octets',
    'octets received',
    '',
    (tcb) => tcb.counts.octetsReceived,
    'tcpi_bytes_received',
  ),
]

function unsent(tcb: Tcb): number {
  const beyond = (tcb.snd.nxt - dataStart(tcb)) | 0
  return Math.max(0, tcb.sendBuffer.length - Math.max(0, beyond))
}
