/** What a program of the lab, or who stands at the cursor, may set at a socket: setsockopt(2) in the lab's own words. */

import type { Config } from '../tcp/config.ts'

export interface SocketOption {
  /** As in manual pages, for the trace. */
  readonly name: string
  readonly takes: 'switch' | 'time' | 'octets' | 'count'
  /** @param value of a switch 0 or 1; else in the unit of the tunable: milliseconds, octets. */
  readonly changes: (value: number) => Partial<Config>
  /** Whose bounds hold for the value; absent for switches. */
  readonly tunable?: keyof Config
}

function number(name: string, takes: 'time' | 'octets' | 'count', tunable: keyof Config): SocketOption {
  return { name, takes, tunable, changes: (value) => ({ [tunable]: value }) }
}

function toggle(name: string, changes: (isOn: boolean) => Partial<Config>): SocketOption {
  return { name, takes: 'switch', changes: (value) => changes(value !== 0) }
}

export const SOCKET_OPTIONS: Readonly<Record<string, SocketOption>> = {
  nodelay: toggle('TCP_NODELAY', (isOn) => ({ nagle: !isOn })),
  cork: toggle('TCP_CORK', (isOn) => ({ corked: isOn })),
  keepalive: toggle('SO_KEEPALIVE', (isOn) => ({ keepAlive: isOn })),
  'keepalive-idle': number('TCP_KEEPIDLE', 'time', 'keepAliveIdleMs'),
  'keepalive-interval': number('TCP_KEEPINTVL', 'time', 'keepAliveIntervalMs'),
  'keepalive-probes': number('TCP_KEEPCNT', 'count', 'keepAliveProbes'),
  'user-timeout': number('TCP_USER_TIMEOUT', 'time', 'userTimeoutMs'),
  'send-buffer': number('SO_SNDBUF', 'octets', 'sendBufferBytes'),
  'receive-buffer': number('SO_RCVBUF', 'octets', 'receiveBufferBytes'),
  'delayed-ack': number('delayed ACK', 'time', 'delayedAckMs'),
}

/** What stands behind the name of each kind. */
export const OPTION_VALUES: Readonly<Record<SocketOption['takes'], string>> = {
  switch: 'on | off',
  time: 'TIME',
  octets: 'OCTETS',
  count: 'N',
}
