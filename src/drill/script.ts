/**
 * A packetdrill script as data: what the parser makes, what the player plays, what the printer prints.
 *
 * Times are microseconds. Numbers stand as the script has them: sequence numbers relative to the initial one, windows
 * unscaled, byte order of a person. Nothing is resolved or checked here beyond the grammar.
 */

/** Where something stands in the script; lines and columns count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Script {
  readonly file: string
  /** `--name=value` lines at the very top. */
  readonly options: readonly ScriptOption[]
  /** The command before the first event, or null. */
  readonly init: Command | null
  readonly events: readonly ScriptEvent[]
  /** The command after the last event, or null: it runs after a failure too. */
  readonly cleanup: Command | null
}

export interface ScriptOption {
  readonly name: string
  readonly value: string | null
  readonly place: Place
}

export interface ScriptEvent {
  readonly place: Place
  readonly time: EventTime
  readonly action: PacketAction | CallAction | Command | Code
  /** The source of the event in one line, for reports. */
  readonly source: string
}

/** When an event is due, microseconds: from the script's start, or from the moment that the event is taken up. */
export type EventTime =
  | { readonly kind: 'absolute'; readonly at: number }
  | { readonly kind: 'relative'; readonly at: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'absolute-range'; readonly from: number; readonly to: number }
  | { readonly kind: 'relative-range'; readonly from: number; readonly to: number }

/** Text between backquotes. */
export interface Command {
  readonly kind: 'command'
  readonly text: string
  readonly place: Place
}

/** Text between `%{` and `}%`. */
export interface Code {
  readonly kind: 'code'
  readonly text: string
  readonly place: Place
}

// ---- packets

export interface PacketAction {
  readonly kind: 'packet'
  /** `<` in: injected into the stack under test. `>` out: expected from it. */
  readonly direction: 'in' | 'out'
  /** Headers around the packet, outermost first; empty for nearly every script. */
  readonly encapsulation: readonly Encapsulation[]
  readonly ip: IpSpec
  readonly body: TcpSpec | UdpSpec | IcmpSpec
}

export interface Encapsulation {
  /** 'ipv4', 'ipv6', 'gre', 'mpls': supported where the player says so. */
  readonly protocol: string
  /** What stood in its brackets and behind it, as it was written. */
  readonly text: string
  readonly place: Place
}

/** null: not given, so not checked on the way out, and the default on the way in. */
export interface IpSpec {
  /** 'ect01' (out only): either of ECT(0) and ECT(1). */
  readonly ecn: 'noecn' | 'ect0' | 'ect1' | 'ect01' | 'ce' | null
  /** The whole DiffServ octet. */
  readonly tos: number | null
  /** Its upper six bits alone, 0 to 63. */
  readonly dscp: number | null
  readonly ttl: number | null
  readonly flowLabel: number | null
}

export interface Ports {
  readonly source: number
  readonly destination: number
}

/** The octets that a segment stands for: `start:end(length)`, end = start + length; for `...(length)` start is 0. */
export interface SequenceRange {
  readonly start: number
  readonly end: number
  readonly length: number
}

export interface TcpSpec {
  readonly kind: 'tcp'
  readonly ports: Ports | null
  readonly flags: FlagsSpec
  readonly sequence: SequenceRange
  /** As everywhere, or `start:end(length)!`: the number on the wire itself, or `...(length)`: not checked. */
  readonly sequenceIs: 'relative' | 'absolute' | 'any'
  readonly ack: number | null
  readonly window: number | null
  readonly urgent: number | null
  /** In the order of the header. null: `<...>`, not checked (out only). Empty: there must be none. */
  readonly options: readonly OptionSpec[] | null
  /** `/udp(9811 > 1)`: the ports of a UDP header between IP and TCP. */
  readonly udp: Ports | null
  /** `[code 1, pen 2]`: what a reset says of its cause in its payload. */
  readonly resetCause: { readonly code: number; readonly pen: number } | null
}

export interface FlagsSpec {
  /** FIN, SYN, RST, PSH, ACK, URG, ECE, CWR as in the header's octet (wire/segment.ts), and AE as 0x100. */
  readonly bits: number
  /** The three ECN bits were written as one digit 0 to 7 (AccECN's ACE field); they stand in `bits` as well. */
  readonly ace: boolean
}

export type OptionSpec =
  | { readonly kind: 'nop' }
  | { readonly kind: 'eol' }
  | { readonly kind: 'mss'; readonly mss: number }
  | { readonly kind: 'wscale'; readonly shift: number }
  | { readonly kind: 'sackOK' }
  | { readonly kind: 'sack'; readonly blocks: readonly { readonly left: number; readonly right: number }[] }
  | {
      readonly kind: 'TS'
      readonly val: number
      /** `val ...`: not checked; `val` is 0. */
      readonly anyVal: boolean
      readonly ecr: number
      /** `ecr 5!`: the number on the wire itself, whatever was sent before. */
      readonly absoluteEcr: boolean
    }
  /** Whole or, where `experimental`, behind the identifier of RFC 6994. A cookie of no octets asks for one. */
  | { readonly kind: 'FO'; readonly cookie: Uint8Array; readonly experimental: boolean }
  /** RFC 2385. null: the digest that is right for the segment. */
  | { readonly kind: 'md5'; readonly digest: Uint8Array | null }
  /** The whole options area in hexadecimal; the only item of its list. */
  | { readonly kind: 'raw'; readonly octets: Uint8Array }
  /** Anything else: AccECN and options by number. `data` without kind and length octets, with the identifier of RFC 6994. */
  | { readonly kind: 'other'; readonly name: string; readonly number: number; readonly data: Uint8Array }

export interface UdpSpec {
  readonly kind: 'udp'
  readonly ports: Ports | null
  readonly length: number
}

export interface IcmpSpec {
  readonly kind: 'icmp'
  /** The words or numbers as written, e.g. 'unreachable', 'frag_needed'; which type and code they are depends on the IP version. */
  readonly type: string
  readonly code: string | null
  readonly mtu: number | null
  readonly id: number | null
  /** The packet that it quotes; null where none is named. */
  readonly quoted:
    | { readonly kind: 'tcp'; readonly sequence: SequenceRange; readonly udp: Ports | null }
    | { readonly kind: 'udp'; readonly length: number }
    | { readonly kind: 'raw'; readonly length: number }
    | null
}

// ---- system calls

export interface CallAction {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly Expression[]
  /** Until when it blocks, absolute or relative as the event's time is; null: it returns at once. */
  readonly blocksUntil: number | null
  /** The value that it must return; null: `...`, any. */
  readonly result: Expression | null
  /** e.g. 'EINPROGRESS'; null: not named. */
  readonly errno: string | null
  /** The words in brackets behind it. */
  readonly note: string | null
}

export type Expression = { readonly place: Place } & (
  | { readonly kind: 'ellipsis' }
  | { readonly kind: 'integer'; readonly value: number }
  | {
      readonly kind: 'string'
      readonly value: string /** `"x"...`: repeated to fill the length. */
      readonly filled: boolean
    }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'or'; readonly operands: readonly Expression[] }
  /** e.g. htons(8080), inet_addr("192.0.2.1"), inet_pton(AF_INET6, "::1"). */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'struct'; readonly fields: readonly StructField[] }
)

/** `name=value`, `name(argument)=value`, or a bare value (name null), as in `{..., 1000}`. */
export interface StructField {
  readonly name: string | null
  readonly argument: Expression | null
  readonly value: Expression
}
