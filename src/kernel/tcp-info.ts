/** struct tcp_info of Linux's uapi, by the names of its fields. */

type Width = 1 | 2 | 4 | 8

/** Name, width in octets; in the order of the structure, which has no gaps but those that alignment makes. */
const FIELDS: readonly (readonly [string, Width])[] = [
  ...widths(
    1,
    'tcpi_state tcpi_ca_state tcpi_retransmits tcpi_probes tcpi_backoff tcpi_options wscales flags',
  ),
  ...widths(4, 'tcpi_rto tcpi_ato tcpi_snd_mss tcpi_rcv_mss tcpi_unacked tcpi_sacked tcpi_lost tcpi_retrans'),
  ...widths(4, 'tcpi_fackets tcpi_last_data_sent tcpi_last_ack_sent tcpi_last_data_recv tcpi_last_ack_recv'),
  ...widths(
    4,
    'tcpi_pmtu tcpi_rcv_ssthresh tcpi_rtt tcpi_rttvar tcpi_snd_ssthresh tcpi_snd_cwnd tcpi_advmss',
  ),
  ...widths(4, 'tcpi_reordering tcpi_rcv_rtt tcpi_rcv_space tcpi_total_retrans'),
  ...widths(8, 'tcpi_pacing_rate tcpi_max_pacing_rate tcpi_bytes_acked tcpi_bytes_received'),
  ...widths(
    4,
    'tcpi_segs_out tcpi_segs_in tcpi_notsent_bytes tcpi_min_rtt tcpi_data_segs_in tcpi_data_segs_out',
  ),
  ...widths(8, 'tcpi_delivery_rate tcpi_busy_time tcpi_rwnd_limited tcpi_sndbuf_limited'),
  ...widths(4, 'tcpi_delivered tcpi_delivered_ce'),
  ...widths(8, 'tcpi_bytes_sent tcpi_bytes_retrans'),
  ...widths(4, 'tcpi_dsack_dups tcpi_reord_seen tcpi_rcv_ooopack tcpi_snd_wnd tcpi_rcv_wnd tcpi_rehash'),
  ...widths(2, 'tcpi_total_rto tcpi_total_rto_recoveries'),
  ...widths(4, 'tcpi_total_rto_time'),
]

function widths(width: Width, names: string): (readonly [string, Width])[] {
  return names.split(' ').map((name) => [name, width] as const)
}

/** As many fields as the kernel filled in. */
export function tcpInfoFields(bytes: Uint8Array): Record<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: Record<string, number> = {}
  let at = 0
  for (const [name, width] of FIELDS) {
    if (at + width > bytes.length) break
    fields[name] = numberAt(view, at, width)
    at += width
  }
  const { wscales = 0, flags = 0, ...named } = fields
  return {
    ...named,
    tcpi_snd_wscale: wscales & 15,
    tcpi_rcv_wscale: wscales >>> 4,
    tcpi_delivery_rate_app_limited: flags & 1,
    tcpi_fastopen_client_fail: (flags >>> 1) & 3,
  }
}

function numberAt(view: DataView, at: number, width: Width): number {
  if (width === 1) return view.getUint8(at)
  if (width === 2) return view.getUint16(at, true)
  return width === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true))
}
