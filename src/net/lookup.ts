/**
 * Names of a host in the shape of `dns.lookup`: literals, the host's own table, what it asks others, and ENOTFOUND.
 */

import { ADDRCONFIG, ALL, type LookupAddress, V4MAPPED } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { addressesOfName, type Host } from '../link/host.ts'
import { checkNumber, checkString } from './checks.ts'
import { invalidValue, nameError } from './errors.ts'

/** Calls back in a later tick with `all` as a list, without it with the first address and its family. */
export function lookupOf(host: Host): LookupFunction {
  return (hostname, options, callback) => {
    checkString(hostname, 'hostname')
    const family = familyOf(options.family)
    checkHints(options.hints ?? 0)
    const answer = (addresses: readonly string[]): void => {
      const found = addresses.map(toLookupAddress).filter((each) => family === 0 || each.family === family)
      const [first] = found
      if (first === undefined) callback(nameError(hostname), options.all === true ? [] : '')
      else if (options.all === true) callback(null, found)
      else callback(null, first.address, first.family)
    }
    const known = isIP(hostname) === 0 ? addressesOfName(host, hostname) : [hostname]
    if (known !== null || host.resolve === null) {
      process.nextTick(answer, known ?? [])
      return
    }
    // In ticks: what a callback throws is no rejection of the resolver's promise.
    host.resolve(hostname).then(
      (addresses) => process.nextTick(answer, addresses),
      (error: NodeJS.ErrnoException) => process.nextTick(callback, error, ''),
    )
  }
}

function toLookupAddress(address: string): LookupAddress {
  return { address, family: isIP(address) }
}

/** 0, 4 or 6 from 0, 4, 6, 'IPv4', 'IPv6'. */
function familyOf(family: unknown): number {
  if (family === 'IPv4') return 4
  if (family === 'IPv6') return 6
  if (family === undefined || family === null) return 0
  if (family === 0 || family === 4 || family === 6) return family
  throw invalidValue('family', family, 'must be one of: 0, 4, 6')
}

/** They ask the system's resolver for things that a host's table has no use for: checked, as Node does. */
function checkHints(hints: unknown): void {
  checkNumber(hints, 'options.hints')
  const bits = hints >>> 0
  if ((bits & ~(ADDRCONFIG | ALL | V4MAPPED)) !== 0) throw invalidValue('hints', bits)
}
