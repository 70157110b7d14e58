/** What a log says in JSON: how a stack was made, what listeners and connections were asked for. Checked before it is used. */

import type { ListenOptions, Sharing } from '../stack/listener.ts'
import { SECRET_LENGTH } from '../stack/siphash.ts'
import type { ConnectOptions } from '../stack/stack-options.ts'
import { type Config, configure, DEFAULT_LIMITS, type Limits } from '../tcp/config.ts'
import { isPlainText } from '../trace/plain-text.ts'
import { type Address, parseAddress } from '../wire/address.ts'
import { parsePrefix } from '../wire/address-prefix.ts'

type Json = Readonly<Record<string, unknown>>

/** How a recorded stack was made. */
export interface RecordedStack {
  readonly name: string
  /** With their prefix lengths. */
  readonly addresses: readonly string[]
  readonly secret: Uint8Array
  readonly mtu: number
  readonly checksumOffload: boolean
  readonly ownPacketsByLink: boolean
  readonly privileged: boolean
  /** It asked somebody for initial sequence numbers. */
  readonly choosesNumbers: boolean
  readonly config: Config
  readonly limits: Limits
}

/** @throws RangeError naming what is wrong. */
export function recordedStack(json: Json): RecordedStack {
  const { name, addresses, secret, mtu, config, limits } = json
  const isOctet = (value: unknown): boolean => isWhole(value, 0, 255)
  assert(isPlainText(name), 'name: expected a text without control characters')
  assert(
    Array.isArray(addresses) && addresses.every(isPrefix),
    'addresses: expected some such as 10.0.0.1/24',
  )
  const isSecret = Array.isArray(secret) && secret.length === SECRET_LENGTH && secret.every(isOctet)
  assert(isSecret, `secret: expected ${SECRET_LENGTH} octets`)
  assert(isWhole(mtu, 68, 65_535), 'mtu: expected 68 to 65535')
  return {
    name,
    addresses,
    secret: Uint8Array.from(secret as number[]),
    mtu,
    checksumOffload: json.checksumOffload === true,
    ownPacketsByLink: json.ownPacketsByLink === true,
    privileged: json.privileged !== false,
    choosesNumbers: json.choosesNumbers === true,
    config: configOf(config),
    limits: limitsOf(limits),
  }
}

/** @throws RangeError */
export function configOf(json: unknown, base?: Config): Config {
  assert(isObject(json), 'config: expected an object')
  return configure(json as Partial<Config>, base)
}

const MOST: Readonly<Record<keyof Limits, number>> = {
  connections: 1_000_000,
  synQueue: 1_000_000,
  backlog: 1_000_000,
  ringPoolBytes: 2 ** 40,
  replyQueue: 1_000_000,
  repliesPerSecond: Number.POSITIVE_INFINITY,
  replyBurst: 1_000_000,
  selfQueue: 1_000_000,
}

/** JSON has null for Infinity. Those that are not named are the usual ones. */
function limitsOf(json: unknown): Limits {
  assert(isObject(json), 'limits: expected an object')
  const entries = Object.entries(DEFAULT_LIMITS).map(([name, usual]) => {
    const given = json[name] === undefined ? usual : json[name]
    const value = given === null ? Number.POSITIVE_INFINITY : given
    const most = MOST[name as keyof Limits]
    const isFine = typeof value === 'number' && value >= 0 && value <= most
    assert(isFine, `limits.${name}: expected a number from 0 to ${most}`)
    return [name, value]
  })
  return Object.fromEntries(entries) as Limits
}

const SHARINGS: readonly unknown[] = ['beside', 'alone', 'together'] satisfies Sharing[]

/** Ports and backlogs may be any numbers: the stack that was given them has said what it thinks of them. */
export function listenOptions(json: Json, configs: readonly Config[]): ListenOptions {
  const { address, version, sharing, onlyBinds, remote, backlog } = json
  assert(remote === undefined || isObject(remote), 'remote: expected an address and a port')
  assert(version === undefined || version === 4 || version === 6, 'version: expected 4 or 6')
  assert(
    sharing === undefined || SHARINGS.includes(sharing),
    `sharing: expected one of ${SHARINGS.join(', ')}`,
  )
  return {
    port: numberOf(json.port, 'port'),
    ...(address !== undefined && { address: addressOf(address, 'address') }),
    ...(version !== undefined && { version }),
    ...(sharing !== undefined && { sharing: sharing as Sharing }),
    ...(onlyBinds === true && { onlyBinds }),
    ...(remote !== undefined && {
      remote: {
        address: addressOf(remote.address, 'remote address'),
        port: numberOf(remote.port, 'remote port'),
      },
    }),
    ...(backlog !== undefined && { backlog: numberOf(backlog, 'backlog') }),
    ...knownConfig(json.config, configs),
  }
}

export function connectOptions(json: Json, configs: readonly Config[]): ConnectOptions {
  const { localAddress, localPort } = json
  return {
    remoteAddress: addressOf(json.remoteAddress, 'remoteAddress'),
    remotePort: numberOf(json.remotePort, 'remotePort'),
    ...(localAddress !== undefined && { localAddress: addressOf(localAddress, 'localAddress') }),
    ...(localPort !== undefined && { localPort: numberOf(localPort, 'localPort') }),
    ...knownConfig(json.config, configs),
  }
}

function knownConfig(number: unknown, configs: readonly Config[]): { config?: Config } {
  if (number === undefined) return {}
  const config = typeof number === 'number' ? configs[number] : undefined
  assert(config !== undefined, `config: expected one of ${configs.length}`)
  return { config }
}

/** JSON has null for NaN and the infinities, which a port of a careless caller may have been. */
function numberOf(value: unknown, name: string): number {
  if (value === null) return Number.NaN
  assert(typeof value === 'number', `${name}: expected a number`)
  return value
}

function addressOf(text: unknown, name: string): Address {
  const address = typeof text === 'string' ? parseAddress(text) : null
  assert(address !== null, `${name}: expected an address`)
  return address
}

function isPrefix(value: unknown): boolean {
  return typeof value === 'string' && parsePrefix(value) !== null
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWhole(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high
}

function assert(holds: boolean, what: string): asserts holds {
  if (!holds) throw new RangeError(what)
}
