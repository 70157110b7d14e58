/**
 * getsockopt(2) and setsockopt(2): every option that Elko has, as a table. What Linux has and Elko has not is answered
 * as Linux answers without that feature, or is unsupported in words.
 */

import type { Errno } from '../tcp/errno.ts'
import { ESTABLISHED, LISTEN } from '../tcp/state.ts'
import { ABSENT_OPTIONS, optionKey } from './absent-options.ts'
import { Fails, integer, isStructure, list, Unsupported } from './arguments.ts'
import { answered, DONE, type Result } from './blocking.ts'
import { CONSTANTS, constantOf, ERRNO_NUMBERS } from './constants.ts'
import type { Task } from './task.ts'
import { tcpInfo } from './tcp-info.ts'
import type { TcpSocket } from './tcp-socket.ts'
import type { Structure, Value } from './value.ts'

type Answer = number | string | Structure

interface Option {
  get?: (socket: TcpSocket, task: Task) => Answer
  /** EINVAL and others are thrown. */
  set?: (socket: TcpSocket, value: Setting, task: Task) => void
}

/** What setsockopt passes: a number, and the text or structure where it is none. */
interface Setting {
  readonly number: number
  readonly value: Value
}

/** setsockopt(fd, level, option, value, length) */
export function setOption(task: Task, args: readonly Value[]): Result {
  const socket = task.descriptors.socket(integer(args[0], 'the descriptor'))
  const level = integer(args[1], 'the level')
  const name = integer(args[2], 'the option')
  if (args[3] === null) throw new Fails('EFAULT')
  const option = find(level, name)
  if (option.set === undefined) throw new Fails('ENOPROTOOPT')
  option.set(socket, settingOf(args[3]), task)
  socket.reconfigure()
  return DONE
}

/** getsockopt(fd, level, option, value, length) */
export function getOption(task: Task, args: readonly Value[]): Result {
  const socket = task.descriptors.socket(integer(args[0], 'the descriptor'))
  const level = integer(args[1], 'the level')
  const name = integer(args[2], 'the option')
  const option = find(level, name)
  if (option.get === undefined) throw new Fails('ENOPROTOOPT')
  const answer = option.get(socket, task)
  const value = Array.isArray(args[3]) && !isStructure(answer as Value) ? [answer] : answer
  return { result: 0, args: answered(args, { 3: value as Value, ...lengthAnswer(args[4], answer) }) }
}

/** The length as it comes back: four octets of a number, those of a text. */
function lengthAnswer(passed: Value | undefined, answer: Answer): Record<number, Value> {
  if (!Array.isArray(passed)) return {}
  if (typeof answer === 'object') return {}
  const given = integer(passed[0], 'the length', INT_OCTETS)
  if (given < 0) throw new Fails('EINVAL')
  return { 4: [Math.min(given, typeof answer === 'number' ? INT_OCTETS : NAME_OCTETS)] }
}

const INT_OCTETS = 4
/** TCP_CA_NAME_MAX */
const NAME_OCTETS = 16

function settingOf(value: Value | undefined): Setting {
  const first = Array.isArray(value) ? (list(value, 'the value')[0] ?? 0) : (value ?? 0)
  return { number: typeof first === 'number' ? first | 0 : 0, value: first }
}

function find(level: number, name: number): Option {
  const option = OPTIONS.get(optionKey(level, name))
  if (option !== undefined) return option
  const words = ABSENT_OPTIONS.get(optionKey(level, name))
  if (words !== undefined) throw new Unsupported(words)
  throw new Fails(level === CONSTANTS.SOL_UDP ? 'EOPNOTSUPP' : 'ENOPROTOOPT')
}

// ---- kinds of options

type NumberField = {
  [K in keyof TcpSocket['settings']]: TcpSocket['settings'][K] extends number ? K : never
}[keyof TcpSocket['settings']]

/** On or off. */
function flag(field: NumberField): Option {
  return {
    get: ({ settings }) => settings[field] as number,
    set: ({ settings }, { number }) => assign(settings, field, number === 0 ? 0 : 1),
  }
}

/** A number within bounds; outside of them EINVAL. */
function bounded(field: NumberField, least: number, most: number): Option {
  return {
    get: ({ settings }) => settings[field] as number,
    set: ({ settings }, { number }) => {
      if (number < least || number > most) throw new Fails('EINVAL')
      assign(settings, field, number)
    },
  }
}

function assign(settings: TcpSocket['settings'], field: NumberField, value: number): void {
  ;(settings as Record<NumberField, number>)[field] = value
}

function readOnly(get: (socket: TcpSocket) => Answer): Option {
  return { get }
}

/** Remembered and told again, without an effect on TCP. */
function remembered(level: number, option: number, usual: number): Option {
  return {
    get: ({ settings }) => settings.others.get(optionKey(level, option)) ?? usual,
    set: ({ settings }, { number }) => void settings.others.set(optionKey(level, option), number),
  }
}

/** A structure timeval. */
function timeout(field: 'receiveTimeoutUs' | 'sendTimeoutUs'): Option {
  return {
    get: ({ settings }) => ({
      tv_sec: Math.floor(settings[field] / 1e6),
      tv_usec: settings[field] % 1e6,
    }),
    set: ({ settings }, { value }) => {
      if (!isStructure(value)) throw new Unsupported('a time-out that is no timeval')
      const seconds = integer(value.tv_sec ?? value[0], 'tv_sec')
      const micros = integer(value.tv_usec ?? value[1], 'tv_usec')
      if (micros < 0 || micros >= 1e6) throw new Fails('EDOM')
      // Less than no time is one tick at once, for practical purposes.
      settings[field] = seconds < 0 ? 1 : seconds * 1e6 + micros
    },
  }
}

// ---- the tables

const MOST_SECONDS = 32_767
const MOST_PROBES = 127
const LEAST_SEND_MEMORY = 4608
const LEAST_RECEIVE_MEMORY = 2304
/** net.core.wmem_max and rmem_max. */
const MOST_MEMORY = 8 << 20
const ECN_BITS = 3

const SOCKET_LEVEL: Readonly<Record<string, Option>> = {
  SO_REUSEADDR: flag('reuseAddress'),
  SO_REUSEPORT: flag('reusePort'),
  SO_KEEPALIVE: flag('keepAlive'),
  SO_OOBINLINE: flag('oobInline'),
  SO_TYPE: readOnly(() => CONSTANTS.SOCK_STREAM),
  SO_PROTOCOL: readOnly(() => CONSTANTS.IPPROTO_TCP),
  SO_DOMAIN: readOnly(({ domain }) => domain),
  SO_ACCEPTCONN: readOnly(({ listener }) => (listener === null ? 0 : 1)),
  SO_ERROR: readOnly((socket) => errnoNumber(socket.takeError())),
  SO_LINGER: {
    get: ({ settings }) => ({ onoff: settings.lingerOn, linger: settings.lingerSeconds }),
    set: ({ settings }, { value }) => {
      if (!isStructure(value)) throw new Unsupported('SO_LINGER without its structure')
      settings.lingerOn = integer(value.onoff ?? value.l_onoff ?? value[0], 'onoff') === 0 ? 0 : 1
      settings.lingerSeconds = integer(value.linger ?? value.l_linger ?? value[1], 'linger')
    },
  },
  SO_SNDBUF: {
    get: ({ memory }) => memory.limit,
    set: ({ memory }, { number }, task) => {
      memory.limit = memoryOf(task, number, LEAST_SEND_MEMORY)
      memory.fixed = true
    },
  },
  SO_RCVBUF: {
    get: ({ settings }) => settings.receiveBuffer,
    set: ({ settings }, { number }, task) => {
      settings.receiveBuffer = memoryOf(task, number, LEAST_RECEIVE_MEMORY)
    },
  },
  SO_RCVLOWAT: {
    get: ({ settings }) => settings.receiveLowWater,
    set: ({ settings }, { number }) => {
      settings.receiveLowWater = number < 0 ? 0x7fffffff : number || 1
    },
  },
  SO_SNDLOWAT: readOnly(() => 1),
  SO_RCVTIMEO: timeout('receiveTimeoutUs'),
  SO_SNDTIMEO: timeout('sendTimeoutUs'),
}

/** Linux doubles what it is asked for, so that bookkeeping has room too. */
function memoryOf({ profile }: Task, asked: number, least: number): number {
  if (profile.name === 'freebsd') {
    if (asked < 1) throw new Fails('EINVAL')
    return asked
  }
  return Math.max(Math.min(asked >>> 0, MOST_MEMORY) * 2, least)
}

function errnoNumber(errno: Errno | string | null): number {
  return errno === null ? 0 : ERRNO_NUMBERS[errno as keyof typeof ERRNO_NUMBERS]
}

const TCP_LEVEL: Readonly<Record<string, Option>> = {
  TCP_NODELAY: {
    ...flag('noDelay'),
    set: (socket, { number }) => {
      socket.settings.noDelay = number === 0 ? 0 : 1
      socket.reconfigure()
      if (number !== 0) socket.connection?.push()
    },
  },
  TCP_CORK: flag('cork'),
  TCP_MAXSEG: {
    get: ({ settings, connection }) => {
      if (connection !== null && connection.tcb.mss > 0) return connection.tcb.mss
      return settings.maxSegment > 0 ? settings.maxSegment : 536
    },
    set: ({ settings }, { number }) => {
      if (number !== 0 && (number < 88 || number > 32_767)) throw new Fails('EINVAL')
      settings.maxSegment = number
    },
  },
  TCP_KEEPIDLE: bounded('keepIdleSeconds', 1, MOST_SECONDS),
  TCP_KEEPINTVL: bounded('keepIntervalSeconds', 1, MOST_SECONDS),
  TCP_KEEPCNT: bounded('keepCount', 1, MOST_PROBES),
  TCP_SYNCNT: {
    get: ({ settings }, { profile }) => settings.synCount || profile.synRetries,
    set: bounded('synCount', 1, MOST_PROBES).set!,
  },
  TCP_LINGER2: {
    get: ({ settings }) => settings.linger2Seconds,
    set: ({ settings }, { number }, { profile }) => {
      const usual = profile.config.finWait2Ms / 1000
      settings.linger2Seconds = number < 0 ? -1 : number === 0 ? usual : Math.min(number, usual)
    },
  },
  TCP_WINDOW_CLAMP: {
    get: ({ settings }) => settings.windowClamp,
    set: ({ settings, connection }, { number }) => {
      if (number === 0 && connection !== null) throw new Fails('EINVAL')
      settings.windowClamp = Math.max(number, LEAST_RECEIVE_MEMORY >>> 1)
    },
  },
  TCP_QUICKACK: {
    get: ({ connection }) => (connection !== null && connection.tcb.quickAcks === 0 ? 0 : 1),
    set: ({ connection }, { number }) => connection?.acknowledgeQuickly((number & 1) !== 0),
  },
  TCP_CONGESTION: {
    get: ({ settings }) => settings.congestion,
    set: ({ settings }, { value }) => {
      if (value === 'reno') settings.congestion = value
      else if (typeof value === 'string' && ELSEWHERE.has(value))
        throw new Unsupported(`congestion control "${value}": there is reno only`)
      else throw new Fails('ENOENT')
    },
  },
  TCP_USER_TIMEOUT: bounded('userTimeoutMs', 0, 0x7fffffff),
  TCP_NOTSENT_LOWAT: {
    get: ({ settings }) => settings.notSentLowWater,
    set: ({ settings, memory }, { number }, { profile }) => {
      settings.notSentLowWater = number >>> 0
      memory.notSentLowWater = number === 0 ? profile.notSentLowWater : number >>> 0
    },
  },
  TCP_INQ: bounded('inq', 0, 1),
  TCP_INFO: {
    get: (socket, { stack, profile }) => ({
      ...tcpInfo(socket, stack.clock.now, profile.name === 'freebsd'),
    }),
  },
  TCP_TIMESTAMP: {
    get: ({ connection }, { stack }) =>
      (Math.floor(stack.clock.now / 1000) + (connection?.tcb.tsOffset ?? 0)) | 0,
  },
  TCP_DEFER_ACCEPT: {
    get: ({ settings }) => settings.deferAccept,
    set: (_socket, { number }) => {
      if (number > 0) throw new Unsupported('TCP_DEFER_ACCEPT')
    },
  },
  TCP_FASTOPEN: {
    get: () => 0,
    set: (socket, { number }) => {
      const state = socket.connection?.state ?? 0
      if (number < 0 || (socket.listener === null && state >= LISTEN)) throw new Fails('EINVAL')
      if (number > 0) throw new Unsupported('TCP_FASTOPEN: TCP Fast Open (RFC 7413)')
    },
  },
  TCP_FASTOPEN_CONNECT: {
    get: () => 0,
    set: (socket, { number }) => {
      if (number !== 0 && number !== 1) throw new Fails('EINVAL')
      if (socket.connection !== null || socket.listener !== null) throw new Fails('EINVAL')
      if (number !== 0) throw new Unsupported('TCP_FASTOPEN_CONNECT: TCP Fast Open (RFC 7413)')
    },
  },
  /** How long an opening may take, seconds. */
  TCP_KEEPINIT: {
    get: ({ settings }, { profile }) => settings.keepInitSeconds || profile.config.r2SynMs / 1000,
    set: bounded('keepInitSeconds', 1, 1_000_000).set!,
  },
}

/** Congestion controls that Linux may have. */
const ELSEWHERE: ReadonlySet<string> = new Set(['cubic', 'bbr', 'bbr2', 'dctcp', 'vegas', 'westwood', 'htcp'])

const IP_LEVEL: Readonly<Record<string, Option>> = {
  IP_TOS: {
    get: ({ settings }) => settings.tos,
    set: ({ settings }, { number }) => {
      settings.tos = number & 0xff & ~ECN_BITS
    },
  },
  IP_TTL: timeToLive(1),
  IP_MTU: readOnly(pathMtu),
  IP_MTU_DISCOVER: pathDiscovery(),
  IP_FREEBIND: remembered(CONSTANTS.SOL_IP, CONSTANTS.IP_FREEBIND, 0),
  IP_BIND_ADDRESS_NO_PORT: remembered(CONSTANTS.SOL_IP, CONSTANTS.IP_BIND_ADDRESS_NO_PORT, 0),
}

const IPV6_LEVEL: Readonly<Record<string, Option>> = {
  IPV6_TCLASS: {
    get: ({ settings }) => settings.tos,
    set: ({ settings }, { number }) => {
      if (number < -1 || number > 0xff) throw new Fails('EINVAL')
      settings.tos = number < 0 ? 0 : number & ~ECN_BITS
    },
  },
  IPV6_UNICAST_HOPS: timeToLive(0),
  IPV6_V6ONLY: {
    get: ({ settings }) => settings.v6Only,
    set: (socket, { number }) => {
      if (socket.name !== null || socket.connection !== null) throw new Fails('EINVAL')
      socket.settings.v6Only = number === 0 ? 0 : 1
    },
  },
  IPV6_MTU: readOnly(pathMtu),
  IPV6_MTU_DISCOVER: pathDiscovery(),
}

/** Elko's packets always have DF set (RFC 1191 3): whether by will or by want makes no difference to TCP. */
function pathDiscovery(): Option {
  const { get, set } = bounded('mtuDiscover', CONSTANTS.IP_PMTUDISC_DONT, CONSTANTS.IP_PMTUDISC_OMIT)
  return {
    get: get!,
    set: (socket, given, task) => {
      const { number } = given
      const has = number === CONSTANTS.IP_PMTUDISC_WANT || number === CONSTANTS.IP_PMTUDISC_DO
      const isOne = number >= CONSTANTS.IP_PMTUDISC_DONT && number <= CONSTANTS.IP_PMTUDISC_OMIT
      if (isOne && !has) throw new Unsupported('IP_MTU_DISCOVER: packets larger than the path')
      set!(socket, given, task)
    },
  }
}

function timeToLive(least: number): Option {
  return {
    get: ({ settings }, { profile }) => (settings.ttl > 0 ? settings.ttl : profile.config.ttl),
    set: ({ settings }, { number }) => {
      if (number !== -1 && (number < least || number > 255)) throw new Fails('EINVAL')
      settings.ttl = number
    },
  }
}

function pathMtu({ connection }: TcpSocket): number {
  if (connection === null || connection.state < ESTABLISHED) throw new Fails('ENOTCONN')
  return connection.tcb.path.mtu
}

const OPTIONS: ReadonlyMap<number, Option> = new Map([
  ...table(CONSTANTS.SOL_SOCKET, SOCKET_LEVEL),
  ...table(CONSTANTS.SOL_TCP, TCP_LEVEL),
  ...table(CONSTANTS.SOL_IP, IP_LEVEL),
  ...table(CONSTANTS.SOL_IPV6, IPV6_LEVEL),
  ...[
    CONSTANTS.SO_PRIORITY,
    CONSTANTS.SO_MARK,
    CONSTANTS.SO_ZEROCOPY,
    CONSTANTS.SO_INCOMING_CPU,
    CONSTANTS.SO_BUSY_POLL,
    CONSTANTS.SO_DONTROUTE,
  ].map((option): [number, Option] => [
    optionKey(CONSTANTS.SOL_SOCKET, option),
    remembered(CONSTANTS.SOL_SOCKET, option, 0),
  ]),
])

function table(level: number, options: Readonly<Record<string, Option>>): [number, Option][] {
  return Object.entries(options).map(([name, option]) => [optionKey(level, constantOf(name)!), option])
}
