/** The tunables of tcp/config.ts that the lab offers, with words for people; bounds and defaults are theirs. */

import { PLAIN } from '../sim/scenario.ts'
import { CONFIG_BOUNDS, type Config, DEFAULT_CONFIG } from '../tcp/config.ts'

export type TunableName = keyof Config

export interface Tunable {
  readonly name: TunableName
  readonly group: TunableGroup
  readonly label: string
  /** What it does, in a sentence, with its source. */
  readonly about: string
  readonly unit: '' | 'octets' | 'ms' | 'segments'
}

export type TunableGroup =
  | 'Segments'
  | 'Buffers and windows'
  | 'Sending'
  | 'Congestion control: NewReno'
  | 'Acknowledging'
  | 'Timers'
  | 'Closing'

function entry(
  group: TunableGroup,
  name: TunableName,
  label: string,
  unit: Tunable['unit'],
  about: string,
): Tunable {
  return { group, name, label, unit, about }
}

/** The one congestion control that is built so far (recovery/new-reno.ts): its numbers can differ, it cannot. */
const NEW_RENO = 'Congestion control: NewReno'

export const TUNABLES: readonly Tunable[] = [
  entry(
    'Segments',
    'mssLimit',
    'MSS at most',
    'octets',
    'Upper limit of the segment size both ways, as TCP_MAXSEG; 0: what the MTU allows (RFC 9293 3.7.1).',
  ),
  entry(
    'Segments',
    'timestamps',
    'Timestamps',
    '',
    'Offer timestamps: round trips are measured with every segment, old duplicates are found (RFC 7323 3).',
  ),
  entry(
    'Segments',
    'blackHoleDetection',
    'MTU black hole detection',
    '',
    'Smaller segments when full-sized ones vanish and nobody says why (RFC 4821 7.7).',
  ),
  entry(
    'Buffers and windows',
    'receiveBufferBytes',
    'Receive buffer',
    'octets',
    'The most that waits for the application; the window offered follows it.',
  ),
  entry(
    'Buffers and windows',
    'sendBufferBytes',
    'Send buffer',
    'octets',
    'The most that SEND queues before it blocks.',
  ),
  entry(
    'Buffers and windows',
    'windowScaling',
    'Window scaling',
    '',
    'Windows of more than 65535 octets (RFC 7323 2).',
  ),
  entry(
    'Sending',
    'nagle',
    "Nagle's algorithm",
    '',
    'A small segment waits while data are unacknowledged; off is TCP_NODELAY (RFC 9293 3.7.4).',
  ),
  entry(
    'Sending',
    'nagleSmallOnly',
    "Minshall's variant",
    '',
    'A small segment waits only behind another small one, as in Linux.',
  ),
  entry(
    'Sending',
    'corked',
    'Corked',
    '',
    'Small segments wait for more up to the override time-out: TCP_CORK.',
  ),
  entry(
    NEW_RENO,
    'initialWindowSegments',
    'Initial window',
    'segments',
    'How much may be sent before the first acknowledgment (RFC 6928 2).',
  ),
  entry(
    NEW_RENO,
    'slowStartSegmentsPerAck',
    'Slow start: segments per ACK',
    'segments',
    'How much one acknowledgment may add to cwnd (RFC 3465 2.2).',
  ),
  entry(
    NEW_RENO,
    'growsWhenHalfUsed',
    'Grows when half used',
    '',
    'cwnd grows in slow start also where only half of it was used (RFC 7661 4.2), not just where it held the sender back.',
  ),
  entry(
    NEW_RENO,
    'growsByNewsOnly',
    'Grows by news only',
    '',
    'What duplicate ACKs told of before adds nothing to cwnd when it is acknowledged, as in Linux.',
  ),
  entry(
    NEW_RENO,
    'restartAfterIdle',
    'Restart after idle',
    '',
    'Slow start again after an idle time of one RTO (RFC 5681 4.1).',
  ),
  entry(
    NEW_RENO,
    'duplicateAckThreshold',
    'Duplicate ACKs that mean a loss',
    '',
    'Fast retransmit begins with this one (RFC 5681 3.2).',
  ),
  entry(
    'Acknowledging',
    'delayedAckMs',
    'Delayed ACK',
    'ms',
    'How long an acknowledgment may wait for company (RFC 9293 3.8.6.3); 0: not at all.',
  ),
  entry(
    'Acknowledging',
    'segmentsPerAck',
    'Segments per ACK',
    'segments',
    'Full-sized segments that call for an acknowledgment (RFC 9293 3.8.6.3).',
  ),
  entry(
    'Acknowledging',
    'quickAcks',
    'Quick ACKs',
    'segments',
    'Segments acknowledged at once when a connection begins.',
  ),
  entry(
    'Timers',
    'rtoInitialMs',
    'First RTO',
    'ms',
    'The retransmission time-out before the first measurement (RFC 6298 2.1).',
  ),
  entry('Timers', 'rtoMinMs', 'RTO margin', 'ms', 'Least distance of the RTO above SRTT (RFC 6298 2.4).'),
  entry('Timers', 'rtoMaxMs', 'RTO at most', 'ms', 'Where doubling ends (RFC 6298 2.5).'),
  entry(
    'Timers',
    'r2Ms',
    'Give up after (R2)',
    'ms',
    'How long one segment is sent again before the connection is closed (RFC 9293 3.8.3).',
  ),
  entry('Timers', 'r2SynMs', 'Give up opening after', 'ms', 'The same for a SYN (RFC 9293 3.8.3).'),
  entry(
    'Timers',
    'userTimeoutMs',
    'User time-out',
    'ms',
    'The user gives up; 0: R2 alone decides (RFC 9293 3.9.1.1).',
  ),
  entry(
    'Timers',
    'keepAlive',
    'Keep-alive',
    '',
    'Probes when nothing was heard for a while (RFC 9293 3.8.4).',
  ),
  entry('Timers', 'keepAliveIdleMs', 'Keep-alive: idle', 'ms', 'Silence before the first probe.'),
  entry('Timers', 'keepAliveIntervalMs', 'Keep-alive: interval', 'ms', 'Time between probes.'),
  entry('Timers', 'keepAliveProbes', 'Keep-alive: probes', '', 'Unanswered probes that end the connection.'),
  entry('Closing', 'mslMs', 'MSL', 'ms', 'TIME-WAIT lasts twice as long (RFC 9293 3.4.1).'),
  entry(
    'Closing',
    'finWait2Ms',
    'FIN-WAIT-2 of orphans',
    'ms',
    'How long a closed socket waits for the FIN of the other side.',
  ),
]

/** The values that a number may have, or null for what is on or off. */
export function boundsOf(name: TunableName): readonly [low: number, high: number] | null {
  return name in CONFIG_BOUNDS ? CONFIG_BOUNDS[name as keyof typeof CONFIG_BOUNDS] : null
}

/** What a host of the lab has without any tuning of its own. */
export function usualValue(name: TunableName): number | boolean {
  return PLAIN[name] ?? DEFAULT_CONFIG[name]
}
