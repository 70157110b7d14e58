/**
 * Every tunable of a connection, with its default, its bounds and its source.
 *
 * One frozen object is shared by all connections of a stack; a connection that wants to differ gets its own by
 * `configure`. Durations are milliseconds here, because people write them, and microseconds everywhere else.
 */

export interface Config {
  /** Default send MSS for IPv4 where the peer names none, octets (RFC 9293 3.7.1, MUST-15). */
  readonly mssDefaultIpv4: number
  /** The same for IPv6 (RFC 9293 3.7.1, MUST-15). */
  readonly mssDefaultIpv6: number
  /** Upper limit of the MSS in both directions, octets, as TCP_MAXSEG; 0: what the MTU allows. */
  readonly mssLimit: number
  /** Smallest send MSS that a peer or ICMP may force on us, octets. Guards against tiny-segment attacks. */
  readonly mssMinimum: number

  /** Most octets that SEND may queue, 1 to 2^30. */
  readonly sendBufferBytes: number
  /** Most octets held for RECEIVE, unread and out of order together, 1 to 2^30. The window offered follows it. */
  readonly receiveBufferBytes: number
  /** Most separate ranges of out-of-order octets, 1 to 4096. */
  readonly reassemblyRanges: number
  /**
   * Segments that go anyway tell the window to the octet, as long as it is a segment or half of the buffer, as those of
   * the BSDs; if not it moves by as much at a time (RFC 9293 3.8.6.2.2). An update of its own is worth the same to both.
   */
  readonly windowFollowsRoom: boolean

  /** Offer window scaling (RFC 7323 2). */
  readonly windowScaling: boolean
  /** Offer timestamps (RFC 7323 3). */
  readonly timestamps: boolean
  /** Take segments without the timestamps that were negotiated, as Linux does; RFC 7323 3.2 has them dropped. */
  readonly toleratesMissingTimestamps: boolean
  /** The shift count that our window scale option offers, 0 to 14; -1: the least that fits the receive buffer. */
  readonly windowShift: number

  /** Initial window in segments (RFC 6928 2), 1 to 100. */
  readonly initialWindowSegments: number
  /** Duplicate acknowledgments that mean a loss (RFC 5681 3.2). */
  readonly duplicateAckThreshold: number
  /** Restart with the initial window after an idle time of one RTO (RFC 5681 4.1). */
  readonly restartAfterIdle: boolean
  /** L of RFC 3465 2.2: segments that one acknowledgment may add to cwnd in slow start; 1 to 65535. */
  readonly slowStartSegmentsPerAck: number
  /** cwnd grows in slow start also where only half of it was used (RFC 7661 4.2), not just where it held us back. */
  readonly growsWhenHalfUsed: boolean
  /** What duplicate acknowledgments told of before adds nothing to cwnd when it is acknowledged, as in Linux. */
  readonly growsByNewsOnly: boolean

  /** Nagle's algorithm (RFC 9293 3.7.4, SHLD-7); off is TCP_NODELAY (MUST-17). */
  readonly nagle: boolean
  /** How long data that was sent without PUSH may wait for more, milliseconds (RFC 9293 3.8.6.2.1: 100 to 1000). */
  readonly overrideTimeoutMs: number
  /** Nagle's algorithm holds a small segment back only behind another small one (Minshall's variant, Linux). */
  readonly nagleSmallOnly: boolean
  /** Small segments wait for more whatever SEND says, up to `overrideTimeoutMs`: TCP_CORK. */
  readonly corked: boolean
  /** Octets without PUSH wait for more only until the next acknowledgment of new data, as MSG_MORE of Linux. */
  readonly ackReleasesText: boolean
  /** Set PSH in the last segment that is queued though its SEND did not push (MUST-61). */
  readonly pushesLast: boolean
  /**
   * Set PSH at the end of every burst of several segments, as Linux on what its network cards cut up: the least number of
   * segments in such a burst, 0 to 64; 0: never.
   */
  readonly burstSegments: number

  /** How long an acknowledgment may be delayed, milliseconds, below 500 (RFC 9293 3.8.6.3, MUST-40). */
  readonly delayedAckMs: number
  /** Full-sized segments per acknowledgment, 1 or 2 (RFC 9293 3.8.6.3, SHLD-19). */
  readonly segmentsPerAck: number
  /**
   * Text segments that are acknowledged at once when a connection begins, and again after it was idle for an RTO, so that
   * the other side's slow start is not held up; 0 to 1000.
   */
  readonly quickAcks: number
  /** A zero-window probe carries an octet of text (RFC 9293 3.8.6.1); if not it repeats the number before SND.UNA. */
  readonly probesWithText: boolean
  /** Resets that we send on our own carry an acknowledgment, as those of the BSDs and Linux. */
  readonly resetsAcknowledge: boolean

  /** RTO before the first measurement, milliseconds (RFC 6298 2.1, 2.1 (a)). */
  readonly rtoInitialMs: number
  /** RTO when data follow a SYN that was retransmitted, milliseconds (RFC 6298 5.7). */
  readonly rtoAfterSynLossMs: number
  /** Least distance of the RTO above SRTT, milliseconds. RFC 6298 2.4 has RTO >= 1000: docs/deviations.md. */
  readonly rtoMinMs: number
  /** Upper limit of the RTO, milliseconds, at least 60000 (RFC 6298 2.5). */
  readonly rtoMaxMs: number
  /** R1: retransmissions after which the user and the IP layer are warned (RFC 9293 3.8.3, SHLD-10). */
  readonly r1Retransmissions: number
  /** R2: how long one segment is retransmitted before the connection is closed, milliseconds (MUST-21; SHLD-11: >= 100 s). */
  readonly r2Ms: number
  /** R2 of a SYN, milliseconds (RFC 9293 3.8.3, MUST-23: at least three minutes). */
  readonly r2SynMs: number
  /** How long a connection to one address of a name is alone before the next is begun, milliseconds (RFC 8305 8: 250). */
  readonly connectionAttemptDelayMs: number
  /** User timeout, milliseconds; 0: none, R2 alone decides (RFC 9293 3.9.1.1, 3.10.8). */
  readonly userTimeoutMs: number
  /** Fall back to a size that every path carries when full-sized segments vanish (RFC 4821 7.7). */
  readonly blackHoleDetection: boolean
  /** Retransmissions of one full-sized segment before a black hole is suspected. */
  readonly blackHoleRetransmissions: number

  /** Send keep-alive probes (RFC 9293 3.8.4, MAY-5; MUST-25: off). */
  readonly keepAlive: boolean
  /** Idle time before the first probe, milliseconds (MUST-28: at least two hours by default). */
  readonly keepAliveIdleMs: number
  /** Time between probes, milliseconds. */
  readonly keepAliveIntervalMs: number
  /** Unanswered probes that end the connection (MUST-29: more than one). */
  readonly keepAliveProbes: number
  /** Send one garbage octet in a probe, for peers that answer no empty segment (MAY-6). */
  readonly keepAliveGarbage: boolean

  /** Maximum segment lifetime, milliseconds; TIME-WAIT lasts twice as long (RFC 9293 3.4.1: 2 minutes; here 30 s). */
  readonly mslMs: number
  /** How long an orphan waits in FIN-WAIT-2, milliseconds. RFC 9293 3.6 knows no limit; Linux has 60 s. */
  readonly finWait2Ms: number

  /** Challenge ACKs allowed per interval and connection (RFC 5961 7 (b)). */
  readonly challengeAckLimit: number
  /** The interval of that limit, milliseconds (RFC 5961 7 (b): 5 s). */
  readonly challengeAckIntervalMs: number

  /** TTL and hop limit of segments sent, 1 to 255 (RFC 9293 3.9.2, MUST-49). */
  readonly ttl: number
  /** Differentiated services codepoint, 0 to 63 (RFC 9293 3.9.1.9, MUST-48). */
  readonly dscp: number
  /** Tell the user of soft errors (RFC 9293 3.9.1.8, MUST-47; SHLD-20: may be switched off). */
  readonly reportSoftErrors: boolean
  /**
   * A soft ICMP error ends a connection that is being opened actively, as in Linux and the BSDs (RFC 5461 4.1). MUST-56 has it
   * go on until R2, three minutes: programs that have other addresses to try, or a user who waits, want to know at once.
   */
  readonly softErrorsEndOpening: boolean
}

export const DEFAULT_CONFIG: Config = Object.freeze({
  mssDefaultIpv4: 536,
  mssDefaultIpv6: 1220,
  mssLimit: 0,
  mssMinimum: 48,
  sendBufferBytes: 1 << 20,
  receiveBufferBytes: 1 << 20,
  reassemblyRanges: 512,
  windowFollowsRoom: false,
  windowScaling: true,
  timestamps: true,
  toleratesMissingTimestamps: false,
  windowShift: -1,
  initialWindowSegments: 10,
  duplicateAckThreshold: 3,
  restartAfterIdle: true,
  slowStartSegmentsPerAck: 2,
  growsWhenHalfUsed: false,
  growsByNewsOnly: false,
  nagle: true,
  overrideTimeoutMs: 200,
  nagleSmallOnly: false,
  corked: false,
  ackReleasesText: false,
  pushesLast: true,
  burstSegments: 0,
  delayedAckMs: 40,
  segmentsPerAck: 2,
  quickAcks: 0,
  probesWithText: true,
  resetsAcknowledge: false,
  rtoInitialMs: 1000,
  rtoAfterSynLossMs: 3000,
  rtoMinMs: 200,
  rtoMaxMs: 60_000,
  r1Retransmissions: 3,
  r2Ms: 300_000,
  r2SynMs: 180_000,
  connectionAttemptDelayMs: 250,
  userTimeoutMs: 0,
  blackHoleDetection: true,
  blackHoleRetransmissions: 3,
  keepAlive: false,
  keepAliveIdleMs: 7_200_000,
  keepAliveIntervalMs: 75_000,
  keepAliveProbes: 9,
  keepAliveGarbage: false,
  mslMs: 30_000,
  finWait2Ms: 60_000,
  challengeAckLimit: 10,
  challengeAckIntervalMs: 5000,
  ttl: 64,
  dscp: 0,
  reportSoftErrors: true,
  softErrorsEndOpening: false,
})

/** Lower and upper bound of each numeric tunable. */
export const CONFIG_BOUNDS: {
  readonly [K in keyof Config as Config[K] extends number ? K : never]: readonly [number, number]
} = {
  mssDefaultIpv4: [1, 65535],
  mssDefaultIpv6: [1, 65535],
  mssLimit: [0, 65535],
  mssMinimum: [1, 65535],
  sendBufferBytes: [1, 1 << 30],
  receiveBufferBytes: [1, 1 << 30],
  reassemblyRanges: [1, 4096],
  initialWindowSegments: [1, 100],
  windowShift: [-1, 14],
  slowStartSegmentsPerAck: [1, 65_535],
  burstSegments: [0, 64],
  quickAcks: [0, 1000],
  duplicateAckThreshold: [1, 255],
  overrideTimeoutMs: [1, 1000],
  delayedAckMs: [0, 499],
  segmentsPerAck: [1, 2],
  rtoInitialMs: [1, 60_000],
  rtoAfterSynLossMs: [1, 60_000],
  rtoMinMs: [1, 60_000],
  rtoMaxMs: [1, 3_600_000],
  r1Retransmissions: [1, 100],
  r2Ms: [1, 1e12],
  r2SynMs: [1, 1e12],
  connectionAttemptDelayMs: [10, 2000],
  userTimeoutMs: [0, 1e12],
  blackHoleRetransmissions: [1, 100],
  keepAliveIdleMs: [1, 1e12],
  keepAliveIntervalMs: [1, 1e12],
  keepAliveProbes: [1, 1000],
  mslMs: [0, 1e9],
  finWait2Ms: [0, 1e12],
  challengeAckLimit: [1, 1e6],
  challengeAckIntervalMs: [1, 1e6],
  ttl: [1, 255],
  dscp: [0, 63],
}

/**
 * A configuration that differs from `base` in the fields given.
 *
 * @throws RangeError naming the field, its value and its bounds.
 */
export function configure(changes: Partial<Config>, base: Config = DEFAULT_CONFIG): Config {
  for (const [name, value] of Object.entries(changes)) {
    if (!(name in base)) throw new RangeError(`config.${name} is not a tunable`)
    const bounds = CONFIG_BOUNDS[name as keyof typeof CONFIG_BOUNDS]
    if (bounds === undefined) {
      if (typeof value !== 'boolean')
        throw new RangeError(`config.${name} must be true or false, not ${value}`)
    } else if (typeof value !== 'number' || !(value >= bounds[0] && value <= bounds[1])) {
      throw new RangeError(`config.${name} must be ${bounds[0]} to ${bounds[1]}, not ${value}`)
    } else if (!Number.isInteger(value)) {
      throw new RangeError(`config.${name} must be a whole number, not ${value}`)
    }
  }
  return Object.freeze({ ...base, ...changes })
}

/** Bounds of a whole stack: whatever arrives from outside can fill no more than this. */
export interface Limits {
  /** Connections of all states, TIME-WAIT among them; 1 to 1,000,000. */
  readonly connections: number
  /** Half-open connections of one listener: its SYN queue. In a full one the oldest makes room (RFC 4987 3.4). */
  readonly synQueue: number
  /** Upper bound of a listener's backlog: connections that wait for accept. */
  readonly backlog: number
  /** Octets of freed buffers kept for reuse. */
  readonly ringPoolBytes: number
  /** Answers to segments and echo requests of nobody's that may wait to be sent: resets, echo replies. */
  readonly replyQueue: number
  /** Those answers per second, and at once after a rest. */
  readonly repliesPerSecond: number
  readonly replyBurst: number
  /** Packets from this host to itself that may wait; at least 1. In a full queue they arrive before another is sent. */
  readonly selfQueue: number
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  connections: 200_000,
  synQueue: 1024,
  backlog: 4096,
  ringPoolBytes: 64 << 20,
  replyQueue: 256,
  repliesPerSecond: 20_000,
  replyBurst: 20_000,
  selfQueue: 64,
})
