/** TCP_INFO of a socket: `struct tcp_info` of Linux, by its names. */

import { type ConnectionInfo, connectionInfo } from './connection-info.ts'
import { CONSTANTS } from './constants.ts'
import type { TcpSocket } from './tcp-socket.ts'

export type TcpInfo = Readonly<Record<string, number>>

/** @param ownsTimeWait as in `connectionInfo`. */
export function tcpInfo(socket: TcpSocket, now: number, ownsTimeWait = false): TcpInfo {
  const { connection, listener, chronographs } = socket
  if (connection === null) {
    const state = listener === null ? CONSTANTS.TCP_CLOSE : CONSTANTS.TCP_LISTEN
    const waiting =
      listener === null ? {} : { tcpi_unacked: listener.waiting, tcpi_sacked: listener.backlog - 1 }
    return { ...NOTHING, tcpi_state: state, ...waiting }
  }
  return {
    ...prefixed(connectionInfo(connection, now, ownsTimeWait)),
    tcpi_busy_time: Math.round(chronographs.busyUs),
    tcpi_rwnd_limited: Math.round(chronographs.windowUs),
    tcpi_sndbuf_limited: Math.round(chronographs.bufferUs),
  }
}

const prefixed = (info: ConnectionInfo): TcpInfo =>
  Object.fromEntries(Object.entries(info).map(([name, value]) => [`tcpi_${name}`, value]))

/** Every field, for a socket without a connection. Linux's others have no meaning here and are not told. */
const NOTHING: TcpInfo = Object.fromEntries(
  `state ca_state retransmits probes backoff options snd_wscale rcv_wscale rto ato snd_mss rcv_mss unacked sacked lost
  retrans last_data_sent last_data_recv last_ack_recv pmtu rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd advmss
  reordering total_retrans bytes_acked bytes_received segs_out segs_in notsent_bytes min_rtt data_segs_in
  data_segs_out busy_time rwnd_limited sndbuf_limited bytes_sent bytes_retrans rcv_ooopack snd_wnd rcv_wnd total_rto`
    .split(/\s+/)
    .map((name) => [`tcpi_${name}`, 0]),
)
