/** From a capture filter to what it asks of the packets of one link layer. */

import { Arithmetic, constantOf, type Place } from './bpf-arithmetic.ts'
import { both, type Condition, either, NEVER, not, octets, octetsBehind } from './bpf-condition.ts'
import * as link from './bpf-link.ts'
import type {
  BpfDirection,
  BpfExpression,
  BpfOperand,
  BpfProtocol,
  PortProtocol,
  Qualifiers,
} from './bpf-syntax.ts'
import { FilterError } from './filter-error.ts'

const { BpfLink, LinkError } = link

const IPV6_HEADER = 40
const IPPROTO_FRAGMENT = 44

/** Numbers of IP protocols; `any` is of IPv4 and of IPv6. */
const IP_PROTOCOLS: Partial<Record<BpfProtocol, { number: number; over: 'any' | 'ip' | 'ip6' }>> = {
  tcp: { number: 6, over: 'any' },
  udp: { number: 17, over: 'any' },
  sctp: { number: 132, over: 'any' },
  icmp: { number: 1, over: 'ip' },
  igmp: { number: 2, over: 'ip' },
  igrp: { number: 9, over: 'ip' },
  pim: { number: 103, over: 'any' },
  vrrp: { number: 112, over: 'ip' },
  carp: { number: 112, over: 'ip' },
  icmp6: { number: 58, over: 'ip6' },
  ah: { number: 51, over: 'any' },
  esp: { number: 50, over: 'any' },
}

const LINK_TYPES: Partial<Record<BpfProtocol, number>> = {
  ip: link.TYPE_IP,
  ip6: link.TYPE_IP6,
  arp: link.TYPE_ARP,
  rarp: link.TYPE_RARP,
  atalk: link.TYPE_ATALK,
  aarp: link.TYPE_AARP,
  decnet: 0x6003,
  lat: 0x6004,
  sca: 0x6007,
  moprc: 0x6002,
  mopdl: 0x6001,
  iso: link.SAP_ISO,
  stp: link.SAP_STP,
  ipx: link.SAP_IPX,
  netbeui: link.SAP_NETBEUI,
}

/** @param expression the text of the filter, for errors. @throws FilterError */
export function conditionOf(filter: BpfExpression, linkType: number, expression: string): Condition {
  return new Compiler(linkType, expression).condition(filter)
}

class Compiler {
  readonly #link: link.BpfLink
  readonly #expression: string

  constructor(linkType: number, expression: string) {
    this.#expression = expression
    this.#link = new BpfLink(linkType)
  }

  /** From left to right, as the places in the link layer move. */
  condition(filter: BpfExpression): Condition {
    switch (filter.kind) {
      case 'and':
      case 'or': {
        const left = this.condition(filter.left)
        const right = this.condition(filter.right)
        return filter.kind === 'and' ? both(left, right) : either(left, right)
      }
      case 'not':
        return not(this.condition(filter.operand))
      case 'relation':
        return this.#relation(filter)
      default:
        return this.#at(filter.column, () => this.#primitive(filter))
    }
  }

  #primitive(filter: Exclude<BpfExpression, { kind: 'and' | 'or' | 'not' | 'relation' }>): Condition {
    switch (filter.kind) {
      case 'protocol':
        return this.#protocol(filter.protocol)
      case 'qualified':
        return this.#qualified(filter.qualifiers, filter.operand)
      case 'broadcast':
        return this.#broadcast(filter.protocol)
      case 'multicast':
        return this.#multicast(filter.protocol)
      case 'inbound':
        return not(this.#link.isOutbound())
      case 'outbound':
        return this.#link.isOutbound()
      case 'pppoed':
        return this.#link.typeIs(0x8863)
      default:
        return this.#encapsulated(filter.kind, filter.number)
    }
  }

  #encapsulated(kind: 'vlan' | 'mpls' | 'pppoes', number: number | null): Condition {
    const most = kind === 'vlan' ? 0xfff : kind === 'mpls' ? 0xf_ffff : 0xffff
    if (number !== null && number > most) throw new LinkError(`"${kind}": at most ${most}, not ${number}`)
    return this.#link[kind](number)
  }

  #protocol(protocol: BpfProtocol): Condition {
    const ip = IP_PROTOCOLS[protocol]
    if (ip !== undefined) return this.#ipProtocol(ip.number, ip.over)
    const type = LINK_TYPES[protocol]
    if (type === undefined) throw new LinkError(`expected an address or octets behind "${protocol}"`)
    return this.#link.typeIs(type)
  }

  #ipProtocol(number: number, over: BpfProtocol): Condition {
    if (over === 'ether') return this.#link.typeIs(number)
    if (number > 0xff) throw new LinkError(`an IP protocol is at most 255, not ${number}`)
    if (over === 'any') return either(this.#ipProtocol(number, 'ip'), this.#ipProtocol(number, 'ip6'))
    const { network } = this.#link
    if (over === 'ip') return both(this.#link.typeIs(link.TYPE_IP), octets(network + 9, 1, '=', number))
    if (over !== 'ip6') throw new LinkError(`"${over}" carries no protocols that filters know`)
    const isNext = octets(network + 6, 1, '=', number)
    const isFragment = octets(network + 6, 1, '=', IPPROTO_FRAGMENT)
    const isInside = both(isFragment, octets(network + IPV6_HEADER, 1, '=', number))
    return both(this.#link.typeIs(link.TYPE_IP6), either(isNext, isInside))
  }

  #qualified({ protocol, direction, type }: Qualifiers, operand: BpfOperand): Condition {
    switch (operand.kind) {
      case 'number':
        return this.#ipProtocol(operand.value, protocol)
      case 'range':
        return this.#ports(protocol, direction, operand.first, operand.last, operand.only)
      case 'ether':
        return inDirection(direction, (which) =>
          this.#link.addressIs(which === 'src' ? 'source' : 'destination', operand.octets),
        )
      case 'ipv4':
        return this.#ipv4(
          protocol,
          direction,
          operand.words[0]!,
          operand.mask[0]!,
          type === 'net' ? 'net' : 'host',
        )
      case 'ipv6': {
        const { network } = this.#link
        const isAddress = inDirection(direction, (which) => {
          const at = network + (which === 'src' ? 8 : 24)
          return operand.words
            .map((word, k) => octets(at + 4 * k, 4, '=', word, operand.mask[k]!))
            .reduce((left, right) => both(left, right))
        })
        return both(this.#link.typeIs(link.TYPE_IP6), isAddress)
      }
    }
  }

  #ipv4(
    protocol: BpfProtocol,
    direction: BpfDirection,
    address: number,
    mask: number,
    type: string,
  ): Condition {
    const of = (over: BpfProtocol): Condition => this.#ipv4(over, direction, address, mask, type)
    if (protocol === 'any') {
      // Inside MPLS nobody can tell ARP.
      return this.#link.isInMpls ? of('ip') : either(either(of('ip'), of('arp')), of('rarp'))
    }
    const isIp = protocol === 'ip'
    if (!isIp && protocol !== 'arp' && protocol !== 'rarp') {
      throw new LinkError(`"${protocol}" has no ${type}s: expected "ip", "arp" or "rarp" before "${type}"`)
    }
    const { network } = this.#link
    const [source, destination] = isIp ? [12, 16] : [14, 24]
    const isAddress = inDirection(direction, (which) =>
      octets(network + (which === 'src' ? source : destination), 4, '=', address, mask),
    )
    return both(this.#link.typeIs(LINK_TYPES[protocol]!), isAddress)
  }

  #ports(
    protocol: BpfProtocol,
    direction: BpfDirection,
    first: number,
    last: number,
    only: PortProtocol,
  ): Condition {
    if (protocol !== 'any' && protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') {
      throw new LinkError(`"${protocol}" has no ports: expected "tcp", "udp" or "sctp" before "port"`)
    }
    const wanted = protocol === 'any' ? only : protocol
    const numbers = wanted === null ? [132, 6, 17] : [IP_PROTOCOLS[wanted]!.number]
    const { network } = this.#link
    const over6 = inDirection(direction, (which) => {
      const at = network + IPV6_HEADER + (which === 'src' ? 0 : 2)
      return inRange(first, last, (jump, k) => octets(at, 2, jump, k))
    })
    const over4 = inDirection(direction, (which) =>
      inRange(first, last, (jump, k) =>
        octetsBehind(network, network + (which === 'src' ? 0 : 2), 2, jump, k),
      ),
    )
    let is6 = NEVER
    let is4 = NEVER
    for (const number of numbers) {
      is6 = either(is6, both(octets(network + 6, 1, '=', number), over6))
      is4 = either(is4, both(both(octets(network + 9, 1, '=', number), this.#isFirstFragment()), over4))
    }
    return either(both(this.#link.typeIs(link.TYPE_IP6), is6), both(this.#link.typeIs(link.TYPE_IP), is4))
  }

  /** Of IPv4: a whole datagram, or the fragment that starts it. */
  #isFirstFragment(): Condition {
    return not(octets(this.#link.network + 6, 2, '&', 0x1fff))
  }

  #broadcast(protocol: BpfProtocol): Condition {
    if (protocol === 'any' || protocol === 'ether') return this.#link.isBroadcast()
    if (protocol !== 'ip') throw new LinkError(`"${protocol}" has no broadcast`)
    // Of the networks of a capture nothing is known: all ones, or all zeros as old systems had it.
    const at = this.#link.network + 16
    const isBroadcast = either(octets(at, 4, '=', 0), octets(at, 4, '=', 0xffff_ffff))
    return both(this.#link.typeIs(link.TYPE_IP), isBroadcast)
  }

  #multicast(protocol: BpfProtocol): Condition {
    if (protocol === 'any' || protocol === 'ether') return this.#link.isMulticast()
    const { network } = this.#link
    if (protocol === 'ip') return both(this.#link.typeIs(link.TYPE_IP), octets(network + 16, 1, '>=', 224))
    if (protocol === 'ip6') return both(this.#link.typeIs(link.TYPE_IP6), octets(network + 24, 1, '=', 255))
    throw new LinkError(`"${protocol}" has no multicast`)
  }

  #relation({ relation, left, right }: BpfExpression & { readonly kind: 'relation' }): Condition {
    const isReversed = relation === '!=' || relation === '<' || relation === '<='
    const jump =
      relation === '=' || relation === '!=' ? '=' : relation === '>' || relation === '<=' ? '>' : '>='
    const arithmetic = new Arithmetic((load) => this.#at(load.column, () => this.#place(load.protocol)))
    const steps = arithmetic.pair(left, right)
    if (arithmetic.isTooDeep)
      throw new FilterError(this.#expression, 1, 'arithmetic that is too deep for a filter')
    const constant = constantOf(right)
    const test: Condition = { kind: 'test', load: { kind: 'steps', steps }, jump, k: constant }
    const { checks } = arithmetic
    return both(checks.reduce(both, ALWAYS_TRUE), isReversed ? not(test) : test)
  }

  /** Where the octets of a protocol start, and what must hold for them to be there. */
  #place(protocol: BpfProtocol): Place {
    const { network } = this.#link
    if (protocol === 'ether') return { at: this.#link.header, headerAt: -1, check: ALWAYS_TRUE }
    const isIp6 = this.#link.typeIs(link.TYPE_IP6)
    if (protocol === 'icmp6') {
      const check = both(isIp6, octets(network + 6, 1, '=', 58))
      return { at: network + IPV6_HEADER, headerAt: -1, check }
    }
    const ip = IP_PROTOCOLS[protocol]
    if (ip !== undefined && protocol !== 'ah' && protocol !== 'esp') {
      const isIp = this.#link.typeIs(link.TYPE_IP)
      const isProtocol = octets(network + 9, 1, '=', ip.number)
      return { at: network, headerAt: network, check: both(both(isIp, isProtocol), this.#isFirstFragment()) }
    }
    const type = LINK_TYPES[protocol]
    if (type === undefined || type <= 0xff)
      throw new LinkError(`"${protocol}" has no octets that filters know`)
    return { at: network, headerAt: -1, check: this.#link.typeIs(type) }
  }

  /** Errors of the link layer get the place in the filter that asked for it. */
  #at<T>(column: number, inner: () => T): T {
    try {
      return inner()
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      throw new FilterError(this.#expression, column, error.message)
    }
  }
}

const ALWAYS_TRUE: Condition = { kind: 'constant', holds: true }

function inDirection(direction: BpfDirection, one: (which: 'src' | 'dst') => Condition): Condition {
  if (direction === 'src' || direction === 'dst') return one(direction)
  const [source, destination] = [one('src'), one('dst')]
  return direction === 'both' ? both(source, destination) : either(source, destination)
}

function inRange(
  first: number,
  last: number,
  test: (jump: '=' | '>' | '>=', k: number) => Condition,
): Condition {
  if (first === last) return test('=', first)
  return both(test('>=', first), not(test('>', last)))
}
