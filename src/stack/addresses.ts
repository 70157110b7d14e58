/**
 * The addresses that a host owns: whether a packet is for it (RFC 1122 3.2.1.3), and which address speaks for it to
 * another host (RFC 1122 3.3.4.3, RFC 6724 in brief).
 */

import {
  type Address,
  isBroadcastV4,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isMulticastWords,
  isUnspecified,
} from '../wire/address.ts'
import { inPrefix, isSubnetBroadcastWords, type Prefix } from '../wire/address-prefix.ts'
import type { IpHeader } from '../wire/ip-header.ts'

export class LocalAddresses {
  readonly prefixes: readonly Prefix[]

  constructor(prefixes: readonly Prefix[]) {
    this.prefixes = prefixes
  }

  /** Whether the packet is addressed to this host itself. */
  owns(ip: IpHeader): boolean {
    for (const { address: a } of this.prefixes) {
      if (
        a.w3 === ip.dst3 &&
        a.w2 === ip.dst2 &&
        a.w1 === ip.dst1 &&
        a.w0 === ip.dst0 &&
        a.version === ip.version
      ) {
        return true
      }
    }
    return false
  }

  /** Whether an address is one of this host's own. */
  has(address: Address): boolean {
    return this.prefixes.some(({ address: a }) => same(a, address))
  }

  /** Whether the packet is addressed to many: MUST-57. */
  isForMany(ip: IpHeader): boolean {
    const { dst0, dst1, dst2, dst3 } = ip
    if (isMulticastWords(dst0, dst1, dst2, dst3)) return true
    if (ip.version === 6) return false
    if (dst3 === -1) return true
    return this.prefixes.some((prefix) => isSubnetBroadcastWords(prefix, dst0, dst1, dst2, dst3))
  }

  /** Whether the packet claims to come from a subnet's broadcast address, which no host has: MUST-63. */
  isFromMany(ip: IpHeader): boolean {
    const { src0, src1, src2, src3 } = ip
    return ip.version === 4 && this.prefixes.some((p) => isSubnetBroadcastWords(p, src0, src1, src2, src3))
  }

  /** MUST-46: whether a connection to this address can be asked for. */
  isConnectable(address: Address): boolean {
    if (isMulticast(address) || isUnspecified(address) || isBroadcastV4(address)) return false
    const { w0, w1, w2, w3 } = address
    return address.version === 6 || !this.prefixes.some((p) => isSubnetBroadcastWords(p, w0, w1, w2, w3))
  }

  /** MUST-44: the address to speak to `remote` from, or null where this host has none of its version. */
  sourceFor(remote: Address): Address | null {
    let best: Address | null = null
    let bestScore = -1
    for (const prefix of this.prefixes) {
      const { address } = prefix
      if (address.version !== remote.version) continue
      const score = same(address, remote)
        ? 1000
        : inPrefix(prefix, remote)
          ? 100 + prefix.length
          : isLinkLocal(address) === isLinkLocal(remote) && isLoopback(address) === isLoopback(remote)
            ? 1
            : 0
      if (score > bestScore) {
        best = address
        bestScore = score
      }
    }
    return best
  }
}

function same(a: Address, b: Address): boolean {
  return a.version === b.version && a.w0 === b.w0 && a.w1 === b.w1 && a.w2 === b.w2 && a.w3 === b.w3
}
