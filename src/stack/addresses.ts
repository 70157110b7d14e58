/**
 * The addresses that a host owns: whether a packet is for it (RFC 1122 3.2.1.3), and which address speaks for it to
 * another host (RFC 1122 3.3.4.3, RFC 6724 in brief).
 */

import {
  type Address,
  addressEquals,
  hasDestination,
  hasSource,
  isBroadcastV4,
  isLinkLocal,
  isLoopback,
  isLoopbackWords,
  isMapped,
  isMulticast,
  isMulticastWords,
  isUnspecified,
} from '../wire/address.ts'
import {
  inPrefix,
  inPrefixWords,
  isSubnetBroadcastWords,
  Prefix,
  parsePrefix,
} from '../wire/address-prefix.ts'
import type { IpHeader } from '../wire/ip-header.ts'

export class LocalAddresses {
  readonly prefixes: readonly Prefix[]

  /**
   * @param prefixes addresses with their prefix length: '10.0.0.1/24', 'fd00::1/64'.
   * @throws RangeError for a text that is something else.
   */
  constructor(prefixes: readonly (string | Prefix)[]) {
    this.prefixes = prefixes.map(toPrefix)
  }

  /** Whether the packet is addressed to this host itself. */
  owns(ip: IpHeader): boolean {
    const { dst0, dst1, dst2, dst3, version } = ip
    for (const prefix of this.prefixes) {
      if (hasDestination(ip, prefix.address)) return true
      if (prefix.address.version === version && isLoopbackSubnet(prefix, dst0, dst1, dst2, dst3)) return true
    }
    return false
  }

  /** Whether an address is one of this host's own: those it was given, and all of a loopback network of its. */
  has(address: Address): boolean {
    const { w0, w1, w2, w3, version } = address
    return this.prefixes.some(
      (prefix) =>
        addressEquals(prefix.address, address) ||
        (prefix.address.version === version && isLoopbackSubnet(prefix, w0, w1, w2, w3)),
    )
  }

  /** Whether the packet is addressed to many: MUST-57. */
  isForMany(ip: IpHeader): boolean {
    const { dst0, dst1, dst2, dst3 } = ip
    if (isMulticastWords(dst0, dst1, dst2, dst3)) return true
    if (ip.version === 6) return false
    if (dst3 === -1) return true
    return this.prefixes.some((prefix) => isSubnetBroadcastWords(prefix, dst0, dst1, dst2, dst3))
  }

  /**
   * MUST-63, as far as it depends on the host: whether a packet from the link claims to come from a subnet's broadcast
   * address, from a loopback address (RFC 1122 3.2.1.3 g) or from this host itself, whose packets to itself never
   * reach the link.
   */
  isImpossibleSource(ip: IpHeader): boolean {
    const { src0, src1, src2, src3, version } = ip
    if (isLoopbackWords(src0, src1, src2, src3)) {
      if (!isLoopbackWords(ip.dst0, ip.dst1, ip.dst2, ip.dst3)) return true
    }
    for (const prefix of this.prefixes) {
      if (prefix.address.version !== version) continue
      if (hasSource(ip, prefix.address)) return true
      if (isSubnetBroadcastWords(prefix, src0, src1, src2, src3)) return true
    }
    return false
  }

  /** MUST-46: whether a connection to this address can be asked for. Mapped addresses belong into an IPv4 header. */
  isConnectable(address: Address): boolean {
    if (isMulticast(address) || isUnspecified(address) || isBroadcastV4(address)) return false
    if (address.version === 6 && isMapped(address)) return false
    const { w0, w1, w2, w3 } = address
    return address.version === 6 || !this.prefixes.some((p) => isSubnetBroadcastWords(p, w0, w1, w2, w3))
  }

  /**
   * MUST-44: the address to speak to `remote` from, or null where this host has none of its version. Loopback addresses
   * speak to each other only: they never appear on a link (RFC 1122 3.2.1.3 g).
   */
  sourceFor(remote: Address): Address | null {
    let best: Address | null = null
    let bestScore = -1
    for (const prefix of this.prefixes) {
      const { address } = prefix
      if (address.version !== remote.version || isLoopback(address) !== isLoopback(remote)) continue
      const score = addressEquals(address, remote)
        ? 1000
        : inPrefix(prefix, remote)
          ? 100 + prefix.length
          : isLinkLocal(address) === isLinkLocal(remote)
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

/**
 * Whether words are of a loopback network that the host has an address in. RFC 1122 3.2.1.3 g: all of 127/8 is the host
 * itself; a packet to any of it loops back.
 */
function isLoopbackSubnet(prefix: Prefix, w0: number, w1: number, w2: number, w3: number): boolean {
  if (!isLoopback(prefix.address) || isSubnetBroadcastWords(prefix, w0, w1, w2, w3)) return false
  return inPrefixWords(prefix, w0, w1, w2, w3)
}

function toPrefix(text: string | Prefix): Prefix {
  if (text instanceof Prefix) return text
  const prefix = parsePrefix(text)
  if (prefix === null) throw new RangeError(`"${text}" is no address with a prefix length, as in 10.0.0.1/24`)
  return prefix
}
