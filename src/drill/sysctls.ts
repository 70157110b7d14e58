/** What the switches of a kernel, which scripts set before they begin, mean for Elko. */

import type { BufferSizes } from '../posix/profiles.ts'
import type { Config } from '../tcp/config.ts'
import { MAX_SHIFT } from '../tcp/tcb.ts'

/** What a switch changes, and what of it Elko does not have. */
export interface SysctlEffect {
  readonly config?: Partial<Config>
  readonly receiveBuffer?: Partial<BufferSizes>
  readonly sendBuffer?: Partial<BufferSizes>
  readonly notSentLowWater?: number
  /** How often a SYN goes again. */
  readonly synRetries?: number
  /** Something that Elko does not do: the script may well not need it. */
  readonly lacks?: string
}

type Meaning = (value: string) => SysctlEffect | null

/**
 * What setting `name` to `value` does; null: no such switch is known, or no such value of it.
 *
 * @param name with dots or slashes, or as a path below /proc/sys.
 */
export function sysctl(name: string, value: string): SysctlEffect | null {
  const dotted = name.replace(/^\/proc\/sys\//, '').replaceAll('/', '.')
  const meaning = Object.hasOwn(MEANINGS, dotted) ? MEANINGS[dotted] : undefined
  return meaning === undefined ? null : meaning(value.trim())
}

// ---- forms of meanings

const nothing: Meaning = () => ({})

function whole(then: (value: number) => SysctlEffect): Meaning {
  return (text) => (/^(0x[0-9a-f]+|\d+)$/i.test(text) ? then(Number(text)) : null)
}

/** One of Elko's tunables, times a factor into its unit. */
function tunable(name: keyof Config, factor = 1): Meaning {
  return whole((value) => ({ config: { [name]: value * factor } }))
}

function flag(name: keyof Config): Meaning {
  return whole((value) => ({ config: { [name]: value !== 0 } }))
}

/** Fine where it is off, or as it is here; anything else is something that Elko does not have. */
function only(values: readonly number[], lacks: string): Meaning {
  return whole((value) => (values.includes(value) ? {} : { lacks }))
}

/** "least initial most", octets. */
function threeSizes(which: 'receiveBuffer' | 'sendBuffer'): Meaning {
  return (text) => {
    const [min, initial, max, more] = text.split(/\s+/).map(Number)
    if (!(min! > 0 && initial! > 0 && max! > 0) || more !== undefined) return null
    return { [which]: { min, initial, max } }
  }
}

/** FreeBSD offers the shift count that lets its window name the largest buffer. */
function largestBuffer(max: number): SysctlEffect {
  let windowShift = 0
  while (windowShift < MAX_SHIFT && 0xffff * 2 ** windowShift < max) windowShift++
  return { receiveBuffer: { max }, sendBuffer: { max }, config: { windowShift } }
}

/** Linux goes by the power of two below it. */
const receiveSizes: Meaning = (text) => {
  const effect = threeSizes('receiveBuffer')(text)
  const max = effect?.receiveBuffer?.max
  if (max === undefined) return effect
  const windowShift = Math.min(MAX_SHIFT, Math.max(0, Math.floor(Math.log2(Math.max(max, 1))) - 15))
  return { ...effect, config: { windowShift } }
}

const FAST_OPEN = 'TCP Fast Open'
const ECN = 'explicit congestion notification'
const RFC_793 = 'resets and SYNs as RFC 793 judged them, before RFC 5961'

const LINUX: Readonly<Record<string, Meaning>> = {
  tcp_rmem: receiveSizes,
  tcp_wmem: threeSizes('sendBuffer'),
  tcp_notsent_lowat: whole((value) => ({ notSentLowWater: value })),
  tcp_timestamps: flag('timestamps'),
  tcp_window_scaling: flag('windowScaling'),
  tcp_syn_retries: whole((synRetries) => ({ synRetries })),
  tcp_synack_retries: nothing,
  tcp_sack: nothing,
  tcp_reordering: tunable('duplicateAckThreshold'),
  tcp_slow_start_after_idle: flag('restartAfterIdle'),
  tcp_keepalive_time: tunable('keepAliveIdleMs', 1000),
  tcp_keepalive_intvl: tunable('keepAliveIntervalMs', 1000),
  tcp_keepalive_probes: tunable('keepAliveProbes'),
  tcp_fin_timeout: tunable('finWait2Ms', 1000),
  tcp_ecn: only([0, 2], ECN),
  tcp_mtu_probing: only([0], 'probing for the path MTU (RFC 4821)'),
  tcp_base_mss: nothing,
  tcp_fastopen: nothing,
  tcp_fastopen_key: nothing,
  tcp_fastopen_blackhole_timeout_sec: nothing,
  // Recovery by SACK and by time is a later matter, and each of these is about it; or about how a kernel hands packets
  // to its devices, which this stack does not do.
  tcp_dsack: nothing,
  tcp_fack: nothing,
  tcp_frto: nothing,
  tcp_early_retrans: nothing,
  tcp_recovery: nothing,
  tcp_congestion_control: nothing,
  tcp_tso_win_divisor: nothing,
  tcp_min_tso_segs: tunable('burstSegments'),
  tcp_ecn_option: nothing,
  tcp_pacing_ss_ratio: nothing,
  tcp_pacing_ca_ratio: nothing,
  tcp_syncookies: nothing,
  tcp_autocorking: nothing,
  tcp_limit_output_bytes: nothing,
  tcp_no_metrics_save: nothing,
  tcp_moderate_rcvbuf: nothing,
}

const FREEBSD: Readonly<Record<string, Meaning>> = {
  'net.inet.tcp.rfc1323': whole((value) => ({
    // 2: without time stamps; 3: without window scaling.
    config: { windowScaling: value === 1 || value === 2, timestamps: value === 1 || value === 3 },
  })),
  'net.inet.tcp.recvspace': whole((initial) => ({ receiveBuffer: { initial } })),
  'net.inet.tcp.sendspace': whole((initial) => ({ sendBuffer: { initial } })),
  'kern.ipc.maxsockbuf': whole(largestBuffer),
  'net.inet.tcp.keepidle': tunable('keepAliveIdleMs'),
  'net.inet.tcp.keepintvl': tunable('keepAliveIntervalMs'),
  'net.inet.tcp.keepcnt': tunable('keepAliveProbes'),
  'net.inet.tcp.keepinit': tunable('r2SynMs'),
  'net.inet.tcp.sack.enable': nothing,
  'net.inet.tcp.delacktime': tunable('delayedAckMs'),
  'net.inet.tcp.rexmit_initial': tunable('rtoInitialMs'),
  'net.inet.tcp.rexmit_min': tunable('rtoMinMs'),
  'net.inet.tcp.msl': tunable('mslMs'),
  'net.inet.tcp.finwait2_timeout': tunable('finWait2Ms'),
  'net.inet.tcp.mssdflt': tunable('mssDefaultIpv4'),
  'net.inet.tcp.v6mssdflt': tunable('mssDefaultIpv6'),
  'net.inet.tcp.minmss': tunable('mssMinimum'),
  'net.inet.tcp.insecure_rst': only([0], RFC_793),
  'net.inet.tcp.insecure_syn': only([0], RFC_793),
  'net.inet.tcp.drop_synfin': only([0], 'SYN with FIN thrown away'),
  'net.inet.tcp.blackhole': only([0], 'silence towards strangers'),
  'net.inet.tcp.ecn.enable': only([0, 2], ECN),
  'net.inet.tcp.ecn.maxretries': only([], ECN),
  'net.inet.tcp.fastopen.client_enable': only([0], FAST_OPEN),
  'net.inet.tcp.fastopen.server_enable': only([0], FAST_OPEN),
  'net.inet.tcp.rexmit_drop_options': only([0], 'SYNs that drop their options when they are repeated'),
  'net.inet.tcp.syncookies_only': only([0], 'SYN cookies for every SYN'),
  'net.inet.tcp.icmp_may_rst': only([1], 'ICMP errors that never end a connection'),
  'net.inet.tcp.tolerate_missing_ts': flag('toleratesMissingTimestamps'),
  'net.inet.tcp.udp_tunneling_port': only([0], 'TCP in UDP'),
  'net.inet.tcp.udp_tunneling_overhead': nothing,
  'net.inet.tcp.syncookies': nothing,
  'net.inet.tcp.rexmit_slop': nothing,
  'net.inet.tcp.hostcache.purgenow': nothing,
  'net.inet.tcp.path_mtu_discovery': nothing,
  'net.inet.tcp.pmtud_blackhole_detection': nothing,
  'net.inet.tcp.v6pmtud_blackhole_mss': nothing,
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ...Object.fromEntries(Object.entries(LINUX).map(([name, meaning]) => [`net.ipv4.${name}`, meaning])),
  ...FREEBSD,
}
