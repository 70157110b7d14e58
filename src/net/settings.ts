/** Settings of `elko/register`: environment variables, checked before anything is opened. */

import { ImpairmentError, type ImpairmentOptions, parseImpairments } from '../sim/impairments.ts'
import { parsePrefix } from '../wire/address-prefix.ts'

export interface Settings {
  /** The TUN device to use, or an open one; null: the host is alone. */
  readonly tun: { readonly name: string } | { readonly fd: number } | null
  /** Of the host on the device, with their prefix lengths. */
  readonly addresses: readonly string[]
  /** Of the device or of the impaired loopback, octets; null: as it is, or 1500. */
  readonly mtu: number | null
  /** What happens to packets, both ways; null: nothing. */
  readonly impairments: ImpairmentOptions | null
  /** Decides what chance decides. */
  readonly seed: string
  /** The file that takes what the host is given, for `elko replay`; null: none does. */
  readonly record: string | null
}

/** A setting that cannot be meant. */
export class SettingError extends Error {
  override readonly name = 'SettingError'

  constructor(setting: string, expected: string, given: string) {
    super(`${setting}: expected ${expected}, not "${given}"`)
  }
}

const SETTINGS = ['ELKO_TUN', 'ELKO_ADDRESS', 'ELKO_MTU', 'ELKO_IMPAIR', 'ELKO_SEED', 'ELKO_RECORD'] as const
/** Of a host on a device: the kernel gets the first free ones beside them. */
export const DEFAULT_ADDRESSES: readonly string[] = ['10.7.0.2/24', 'fd07::2/64']

/** @throws SettingError */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const [tun, address, mtu, impair, seed, record] = SETTINGS.map(
    (name) => environment[name]?.trim() || undefined,
  )
  if (tun === undefined && address !== undefined) {
    throw new SettingError('ELKO_ADDRESS', 'ELKO_TUN beside it, the device that has them', address)
  }
  if (tun === undefined && impair === undefined && mtu !== undefined) {
    throw new SettingError('ELKO_MTU', 'ELKO_TUN or ELKO_IMPAIR beside it, for a link that has it', mtu)
  }
  return {
    tun: tun === undefined ? null : readTun(tun),
    addresses: address === undefined ? DEFAULT_ADDRESSES : readAddresses(address),
    mtu: mtu === undefined ? null : readWhole('ELKO_MTU', mtu, 576, 65_535),
    impairments: impair === undefined ? null : readImpairments(impair),
    seed: seed ?? '1',
    record: record ?? null,
  }
}

function readTun(text: string): NonNullable<Settings['tun']> {
  if (!text.startsWith('fd:')) return { name: text }
  return { fd: readWhole('ELKO_TUN', text.slice(3), 0, 1_000_000_000) }
}

function readWhole(setting: string, text: string, low: number, high: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : -1
  if (number < low || number > high)
    throw new SettingError(setting, `a whole number from ${low} to ${high}`, text)
  return number
}

function readAddresses(text: string): string[] {
  const addresses = text.split(/[\s,]+/).filter((part) => part !== '')
  for (const each of addresses) {
    if (parsePrefix(each) !== null) continue
    throw new SettingError('ELKO_ADDRESS', 'addresses with their prefix lengths such as 10.7.0.2/24', each)
  }
  return addresses
}

/** `loss=2% delay=30ms`, with blanks or commas between. */
function readImpairments(text: string): ImpairmentOptions {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '')
  const pairs = parts.map((part): [string, string] => {
    const [, name, value] = /^([\w-]+)=(.+)$/.exec(part) ?? []
    if (name === undefined || value === undefined) {
      throw new SettingError('ELKO_IMPAIR', 'NAME=VALUE pairs such as loss=2% delay=30ms', part)
    }
    return [name, value]
  })
  try {
    return parseImpairments(Object.fromEntries(pairs))
  } catch (error) {
    if (!(error instanceof ImpairmentError)) throw error
    throw new SettingError(`ELKO_IMPAIR: ${error.option}`, error.expected, error.given)
  }
}
