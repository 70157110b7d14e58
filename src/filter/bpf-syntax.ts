/** A capture filter as a tree: what it says, before anything is known of the link layer of the packets. */

/** 'any' where the filter names no protocol. */
export type BpfProtocol =
  | 'any'
  | 'ether'
  | 'ip'
  | 'ip6'
  | 'arp'
  | 'rarp'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmp'
  | 'icmp6'
  | 'igmp'
  | 'igrp'
  | 'pim'
  | 'vrrp'
  | 'carp'
  | 'ah'
  | 'esp'
  | 'atalk'
  | 'aarp'
  | 'decnet'
  | 'lat'
  | 'sca'
  | 'moprc'
  | 'mopdl'
  | 'iso'
  | 'stp'
  | 'ipx'
  | 'netbeui'

export const BPF_PROTOCOLS: ReadonlySet<string> = new Set<BpfProtocol>([
  'ether',
  'ip',
  'ip6',
  'arp',
  'rarp',
  'tcp',
  'udp',
  'sctp',
  'icmp',
  'icmp6',
  'igmp',
  'igrp',
  'pim',
  'vrrp',
  'carp',
  'ah',
  'esp',
  'atalk',
  'aarp',
  'decnet',
  'lat',
  'sca',
  'moprc',
  'mopdl',
  'iso',
  'stp',
  'ipx',
  'netbeui',
])

export type BpfDirection = 'either' | 'src' | 'dst' | 'both'

/** What stands before an address or number: `tcp src port`. */
export interface Qualifiers {
  readonly protocol: BpfProtocol
  readonly direction: BpfDirection
  readonly type: 'default' | 'host' | 'net' | 'port' | 'portrange' | 'proto'
}

/** What the qualifiers are about. Addresses are unsigned words from the upper one on. */
export type BpfOperand =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'ipv4' | 'ipv6'; readonly words: readonly number[]; readonly mask: readonly number[] }
  | { readonly kind: 'ether'; readonly octets: readonly number[] }
  | { readonly kind: 'range'; readonly first: number; readonly last: number; readonly only: PortProtocol }

/** The one protocol that has a port of that name; null: all have. */
export type PortProtocol = 'tcp' | 'udp' | 'sctp' | null

export const ARITHMETIC_OPERATORS = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'] as const
export type ArithmeticOperator = (typeof ARITHMETIC_OPERATORS)[number]

export type BpfArithmetic =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'length' }
  | {
      readonly kind: 'load'
      readonly protocol: BpfProtocol
      readonly index: BpfArithmetic
      readonly size: 1 | 2 | 4
      readonly column: number
    }
  | {
      readonly kind: 'binary'
      readonly operator: ArithmeticOperator
      readonly left: BpfArithmetic
      readonly right: BpfArithmetic
      readonly column: number
    }
  | { readonly kind: 'negative'; readonly operand: BpfArithmetic }

export type Relation = '=' | '!=' | '>' | '>=' | '<' | '<='

export type BpfExpression =
  | { readonly kind: 'and' | 'or'; readonly left: BpfExpression; readonly right: BpfExpression }
  | { readonly kind: 'not'; readonly operand: BpfExpression }
  | { readonly kind: 'protocol'; readonly protocol: BpfProtocol; readonly column: number }
  | {
      readonly kind: 'qualified'
      readonly qualifiers: Qualifiers
      readonly operand: BpfOperand
      readonly column: number
    }
  | {
      readonly kind: 'relation'
      readonly relation: Relation
      readonly left: BpfArithmetic
      readonly right: BpfArithmetic
    }
  | {
      readonly kind: 'broadcast' | 'multicast'
      readonly protocol: BpfProtocol
      readonly column: number
    }
  | { readonly kind: 'inbound' | 'outbound'; readonly column: number }
  | {
      readonly kind: 'vlan' | 'mpls' | 'pppoes'
      /** null: any. */
      readonly number: number | null
      readonly column: number
    }
  | { readonly kind: 'pppoed'; readonly column: number }
