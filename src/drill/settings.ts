/**
 * What a script is played with: addresses, ports, sizes and tolerances, from its `--option` lines and from whoever
 * plays it. The defaults are those that the field's scripts count on.
 */

import { type Address, parseAddress } from '../wire/address.ts'
import type { Platform } from './parse-script.ts'
import type { Place, Script, ScriptOption } from './script.ts'
import { ScriptError } from './source-errors.ts'

export interface Settings {
  /** Whose system calls, defaults and habits the script means. */
  readonly platform: Platform
  /** 'mapped': IPv6 sockets that speak IPv4 (RFC 4291 2.5.5.2). */
  readonly ipVersion: 'ipv4' | 'ipv6' | 'mapped'
  /** Of the stack under test, and of the other side: as on the wire. */
  readonly local: Address
  readonly remote: Address
  /** Octets. */
  readonly mtu: number
  readonly bindPort: number
  readonly connectPort: number
  /** Least tolerance, microseconds, and the share of the time since the event before. */
  readonly toleranceUs: number
  readonly tolerancePercent: number
  /** One tick of the script's time stamp values, microseconds; 0: they are not checked. */
  readonly tsTickUs: number
  /** An echo reply of the script that no segment carried counts from the first one. */
  readonly tsEcrScaled: boolean
  /** Each expected segment is one packet; otherwise several may make it up. */
  readonly strictSegments: boolean
  /** The order and padding of TCP options count, and what time stamps echo. */
  readonly strictOptions: boolean
  /** What may differ without an end to the play: it is noted. */
  readonly nonFatal: { readonly packets: boolean; readonly calls: boolean }
}

/** One option, by its name without dashes, as in a script's first lines. */
export interface Setting {
  readonly name: string
  readonly value: string | null
}

const LOCAL = { ipv4: '192.168.0.1', ipv6: 'fd3d:fa7b:d17d::1' } as const
const REMOTE = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const

/** Options that say how packetdrill itself runs, and nothing of what a script means. */
const OF_NO_MEANING: ReadonlySet<string> = new Set([
  'verbose',
  'debug',
  'dry_run',
  'code_command',
  'code_format',
  'code_sockopt',
  'gateway_ip',
  'netmask_ip',
  'speed',
  'init_scripts',
  'persistent_tun_dev',
  'mss',
])

/**
 * The settings of a script. `overrides` come last and win, as on packetdrill's command line.
 *
 * @throws ScriptError 'syntax' for an option that is unknown or has no such value, 'unsupported' for one that Elko
 *   cannot carry out.
 */
export function settingsOf(script: Script, overrides: readonly Setting[], platform: Platform): Settings {
  const start: Place = { file: script.file, line: 1, column: 1 }
  const own = script.options.filter((option) => !isOfOtherVersion(option, overrides))
  const all: ScriptOption[] = [...own, ...overrides.map((one) => ({ ...one, place: start }))]
  const known = new Map<string, ScriptOption>()
  for (const option of all) {
    if (!TAKEN.has(option.name) && !OF_NO_MEANING.has(option.name)) refuse(option)
    known.set(option.name, option)
  }
  const text = (name: string): ScriptOption | undefined => known.get(name)
  const ipVersion = versionOf(text('ip_version'), [text('local_ip'), text('remote_ip')])
  const family = ipVersion === 'ipv6' ? 'ipv6' : 'ipv4'
  return {
    platform,
    ipVersion,
    local: addressFrom(text('local_ip'), family, LOCAL[family]),
    remote: addressFrom(text('remote_ip'), family, REMOTE[family]),
    mtu: numberFrom(text('mtu'), 1500, family === 'ipv6' ? 80 : 60, 65_535),
    bindPort: numberFrom(text('bind_port'), 8080, 1, 65_535),
    connectPort: numberFrom(text('connect_port'), 8080, 1, 65_535),
    toleranceUs: numberFrom(text('tolerance_usecs'), 4000, 0, 1e12),
    tolerancePercent: numberFrom(text('tolerance_percent'), 12.5, 0, 100),
    tsTickUs: numberFrom(text('tcp_ts_tick_usecs'), 0, 0, 1_000_000),
    tsEcrScaled: text('tcp_ts_ecr_scaled') !== undefined,
    // The BSDs' tests, and the packetdrill that they are played with, name every packet.
    strictSegments: text('strict_segments') !== undefined || platform !== 'linux',
    strictOptions: text('strict_options') !== undefined,
    nonFatal: nonFatalFrom(text('non_fatal')),
  }
}

/** Whose script it is: one that sets net.inet.tcp.*, or comes from a folder of theirs, has the BSDs' habits. */
export function platformOf(text: string, file = ''): Platform {
  const isBsd = /\b(net\.inet6?|kern\.ipc)\.\w/.test(text) || /(^|\/)(free)?bsd\//i.test(file)
  return isBsd ? 'freebsd' : 'linux'
}

const TAKEN: ReadonlySet<string> = new Set([
  'ip_version',
  'local_ip',
  'remote_ip',
  'mtu',
  'bind_port',
  'connect_port',
  'tolerance_usecs',
  'tolerance_percent',
  'tcp_ts_tick_usecs',
  'tcp_ts_ecr_scaled',
  'strict_segments',
  'strict_options',
  'non_fatal',
  'define',
])

/** What packetdrill knows and Elko does not. */
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [/^wire_/, 'a stack at the other end of a wire'],
  [/^so_/, 'a stack in a shared library'],
  [/^udp_encaps/, 'TCP in UDP'],
  [/^tcp_md5/, 'the MD5 option of TCP (RFC 2385)'],
  [/^psp_/, 'PSP encryption'],
  [/^use_expect/, 'going on after a failure'],
  [/^anyip/, 'a host that owns every address'],
]

function refuse({ name, value, place }: ScriptOption): never {
  for (const [pattern, what] of UNSUPPORTED) {
    if (pattern.test(name)) {
      throw new ScriptError('unsupported', place, `--${name}${value === null ? '' : `=${value}`}: ${what}`)
    }
  }
  throw new ScriptError('syntax', place, `unknown option --${name}`, [...TAKEN].join(', '))
}

/** A script that is played in the other IP version leaves its own addresses behind. */
function isOfOtherVersion({ name, value }: ScriptOption, overrides: readonly Setting[]): boolean {
  const version = overrides.find((one) => one.name === 'ip_version')?.value
  if (version == null || (name !== 'local_ip' && name !== 'remote_ip')) return false
  return value !== null && value.includes(':') !== (version === 'ipv6')
}

function nonFatalFrom(option: ScriptOption | undefined): Settings['nonFatal'] {
  const words = option === undefined ? [] : (option.value ?? '').split(',')
  if (option !== undefined && words.some((word) => word !== 'packet' && word !== 'syscall')) {
    throw wrongValue(option, 'packet, syscall or both')
  }
  return { packets: words.includes('packet'), calls: words.includes('syscall') }
}

function versionOf(
  option: ScriptOption | undefined,
  addresses: readonly (ScriptOption | undefined)[],
): Settings['ipVersion'] {
  switch (option?.value) {
    case undefined:
      // Without a word about it, the addresses decide.
      return addresses.some((one) => one?.value?.includes(':')) ? 'ipv6' : 'ipv4'
    case 'ipv4':
    case 'ipv6':
      return option.value
    case 'ipv4-mapped-ipv6':
      return 'mapped'
    default:
      throw wrongValue(option, 'ipv4, ipv6 or ipv4-mapped-ipv6')
  }
}

/** A prefix length behind the address is no news: the other side is behind a router anyway. */
function addressFrom(option: ScriptOption | undefined, family: 'ipv4' | 'ipv6', usual: string): Address {
  const text = (option?.value ?? usual).replace(/\/.*$/, '')
  const address = parseAddress(text)
  if (address !== null && address.version === (family === 'ipv4' ? 4 : 6)) return address
  throw wrongValue(option, `an ${family === 'ipv4' ? 'IPv4' : 'IPv6'} address`)
}

function numberFrom(option: ScriptOption | undefined, usual: number, low: number, high: number): number {
  if (option === undefined) return usual
  const value =
    option.value === null || !/^\d+(\.\d+)?$/.test(option.value) ? Number.NaN : Number(option.value)
  if (value >= low && value <= high) return value
  throw wrongValue(option, `a number from ${low} to ${high}`)
}

function wrongValue(option: ScriptOption | undefined, expected: string): ScriptError {
  const place = option?.place ?? { file: '', line: 1, column: 1 }
  const value = option?.value ?? ''
  return new ScriptError(
    'syntax',
    place,
    `--${option?.name}: expected ${expected}, found "${value}"`,
    expected,
  )
}
